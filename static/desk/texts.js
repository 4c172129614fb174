/** The page's words: printed by the server, so that there is one catalog. */

const words = new Map(
  [...document.querySelectorAll("#texts [data-key]")].map((entry) => [entry.dataset.key, entry.textContent]),
);

/** The word under a key, its {placeholders} filled.
 * @param {string} key
 * @param {Record<string, string | number>} [values] */
export function text(key, values = {}) {
  return (words.get(key) ?? "").replace(/\{(\w+)\}/g, (_whole, name) => String(values[name] ?? ""));
}

/** Show a short note at the bottom of the page.
 * @param {string} message */
export function toast(message) {
  const box = document.getElementById("toast");
  box.textContent = message;
  box.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => (box.hidden = true), 6000);
}
