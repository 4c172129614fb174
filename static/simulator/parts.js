// What stands in a message beside its text: files, cards, and the buttons a customer may tap.

/** @param {string} name @param {object} [properties] @param {Node[]} [children] */
function element(name, properties = {}, children = []) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const isAddress = (url) => /^(https?:|data:)/.test(url ?? "");

/** One file of a message. @param {{kind: string, name: string, url: string}} file */
function shownFile(file, words) {
  const shown = isAddress(file.url);
  if (shown && file.kind === "image") return element("img", { src: file.url, alt: file.name || words.image });
  if (shown && file.kind === "audio") return element("audio", { src: file.url, controls: true });
  if (shown && file.kind === "video") return element("video", { src: file.url, controls: true });
  const label = `${words[file.kind] ?? words.file}: ${file.name}`;
  return shown
    ? element("a", { href: file.url, target: "_blank", rel: "noreferrer", textContent: label })
    : element("span", { className: "named", textContent: label });
}

/** A button that leads to a page, or one that is told to the account. */
function shownButton(choice, tap) {
  if (isAddress(choice.url))
    return element("a", { href: choice.url, target: "_blank", rel: "noreferrer", textContent: choice.label });
  const button = element("button", { type: "button", textContent: choice.label });
  button.addEventListener("click", () => tap(choice.payload));
  return button;
}

/** @param {{title?: string, text?: string, picture?: string, rows?: string[][], buttons?: object[]}} card */
function shownCard(card, words, tap) {
  const made = element("section", { className: "drawn" });
  if (isAddress(card.picture)) made.append(element("img", { src: card.picture, alt: words.image }));
  if (card.title) made.append(element("h2", { textContent: card.title }));
  if (card.text) made.append(element("p", { textContent: card.text }));
  const rows = (card.rows ?? []).map(([label, value]) =>
    element("div", {}, [element("dt", { textContent: label }), element("dd", { textContent: value })]),
  );
  if (rows.length) made.append(element("dl", {}, rows));
  made.append(...(card.buttons ?? []).map((choice) => shownButton(choice, tap)));
  return made;
}

/** The files and cards of a message. tap: called with the payload of the button that was tapped. */
export function partsOf(bubble, words, tap) {
  return [
    ...bubble.files.map((file) => shownFile(file, words)),
    ...bubble.cards.map((card) => shownCard(card, words, tap)),
  ];
}

/** The buttons below a message. */
export function choicesOf(bubble, tap) {
  if (!bubble.choices.length) return [];
  return [element("div", { className: "choices" }, bubble.choices.map((choice) => shownButton(choice, tap)))];
}
