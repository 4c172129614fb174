// The log: one bubble a message, in the server's order; what is still on its way stands at the end.

import { showFiles } from "./files.js";

const LINK = /https?:\/\/[^\s<>"'、。,!?)」』】]+/g;

export class Bubbles {
  /**
   * @param {HTMLElement} list
   * @param {HTMLTemplateElement} template
   * @param {HTMLElement} scroll
   * @param {DOMStringMap} words
   * @param {Parameters<typeof showFiles>[2]} linksOf
   */
  constructor(list, template, scroll, words, linksOf) {
    this.linksOf = linksOf;
    this.list = list;
    this.template = template;
    this.scroll = scroll;
    this.words = words;
    /** @type {Map<string, HTMLElement>} by message id */
    this.byId = new Map();
    /** @type {Map<string, HTMLElement>} on their way, by client id */
    this.waiting = new Map();
    this.clock = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    this.calendar = new Intl.DateTimeFormat(document.documentElement.lang, { month: "numeric", day: "numeric" });
  }

  /** @returns {number} the highest number of an answer shown */
  get newestAnswer() {
    const answers = [...this.byId.values()].filter((bubble) => !bubble.classList.contains("mine"));
    return Math.max(0, ...answers.map((bubble) => Number(bubble.dataset.number)));
  }

  /** @param {number} number @returns {number} how many answers stand behind `number` */
  answersAfter(number) {
    return [...this.byId.values()].filter((b) => !b.classList.contains("mine") && Number(b.dataset.number) > number).length;
  }

  /** Show a message of the server: new, changed, or the one that was on its way. @param {any} row */
  show(row) {
    const following = this.atEnd();
    const bubble = this.byId.get(row.id) ?? this.waiting.get(row.client_id) ?? this.blank(row.direction === "in");
    this.waiting.delete(row.client_id);
    bubble.classList.remove("waits", "failed");
    bubble.classList.toggle("gone", Boolean(row.unsent_at));
    bubble.dataset.number = String(row.number);
    this.fill(bubble, this.textOf(row), new Date(row.sent_at), row.direction === "in" ? this.words.seen : "");
    this.byId.set(row.id, bubble);
    this.place(bubble);
    if (following) this.toEnd();
    showFiles(bubble, row, this.linksOf).then(() => following && this.toEnd());
  }

  /** Show at once what the visitor wrote. @param {string} clientId @param {string} text */
  promise(clientId, text) {
    const bubble = this.blank(true);
    bubble.classList.add("waits");
    bubble.dataset.number = "Infinity";
    this.fill(bubble, text, new Date(), this.words.sending);
    this.waiting.set(clientId, bubble);
    this.list.append(bubble);
    this.toEnd();
  }

  /** @param {string} clientId @param {"sending" | "waiting" | "failed" | "seen"} state @param {string} [reason] */
  mark(clientId, state, reason) {
    const bubble = this.waiting.get(clientId);
    if (!bubble) return;
    bubble.classList.toggle("failed", state === "failed");
    bubble.classList.toggle("waits", state === "sending" || state === "waiting");
    /** @type {HTMLElement} */ (bubble.querySelector(".state")).textContent = reason || this.words[state] || "";
    if (state === "failed") this.waiting.delete(clientId);
  }

  /** @returns {boolean} */
  atEnd() {
    return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < 80;
  }

  toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  /** @param {boolean} mine @returns {HTMLElement} */
  blank(mine) {
    const bubble = /** @type {HTMLElement} */ (
      /** @type {Element} */ (this.template.content.firstElementChild).cloneNode(true)
    );
    bubble.classList.toggle("mine", mine);
    return bubble;
  }

  /** @param {any} row @returns {string} */
  textOf(row) {
    if (row.unsent_at) return this.words.unsent ?? "";
    const others = row.attachments.filter((/** @type {any} */ each) => each.state !== "stored");
    const names = others.map((/** @type {any} */ each) => `[${each.name || this.words.attachment}]`);
    return [row.text, ...names].filter(Boolean).join("\n");
  }

  /** @param {HTMLElement} bubble @param {string} text @param {Date} at @param {string} [state] */
  fill(bubble, text, at, state = "") {
    const words = /** @type {HTMLElement} */ (bubble.querySelector(".words"));
    if (words.dataset.text !== text) {
      words.dataset.text = text;
      words.replaceChildren(...linked(text));
    }
    words.hidden = !text;
    const time = /** @type {HTMLTimeElement} */ (bubble.querySelector("time"));
    time.dateTime = at.toISOString();
    const today = at.toDateString() === new Date().toDateString();
    time.textContent = (today ? "" : `${this.calendar.format(at)} `) + this.clock.format(at);
    /** @type {HTMLElement} */ (bubble.querySelector(".state")).textContent = state;
  }

  /** @param {HTMLElement} bubble */
  place(bubble) {
    const number = Number(bubble.dataset.number);
    const before = [...this.list.children].filter(
      (other) => other !== bubble && Number(/** @type {HTMLElement} */ (other).dataset.number) < number,
    );
    const last = before.at(-1);
    const next = last ? last.nextElementSibling : this.list.firstElementChild;
    if (next !== bubble) this.list.insertBefore(bubble, next);
  }
}

/** @param {string} text @returns {Node[]} text with its web addresses as links */
function linked(text) {
  /** @type {Node[]} */
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(LINK)) {
    const link = document.createElement("a");
    link.href = link.textContent = found[0];
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
    parts.push(document.createTextNode(text.slice(from, found.index)), link);
    from = found.index + found[0].length;
  }
  return [...parts, document.createTextNode(text.slice(from))];
}
