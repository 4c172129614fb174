// The brand's colours, as one sheet of our own: inline styles are not allowed here.

/** @param {string} color @param {string} ink */
export function paint(color, ink) {
  if (!/^#[0-9a-f]{6}$/i.test(color) || !/^#(000|fff|000000|ffffff)$/.test(ink)) return;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`:root{--brand:${color};--on-brand:${ink}}`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
