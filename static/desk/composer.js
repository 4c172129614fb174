/** Where answers are written: drafts that stay with their conversation, the reply window, the channel's length. */

import { isComposing } from "./ime.js";
import { field } from "./render.js";
import { keep, read } from "./store.js";
import { text } from "./texts.js";
import { inFull } from "./times.js";

const WARN_LEFT = 50;
const WINDOW_TICK_MS = 20_000;
const LAST_HOUR_MS = 3_600_000;
const encoder = new TextEncoder();

const lengths = {
  bytes: (words) => encoder.encode(words).length,
  utf16: (words) => words.length,
  characters: (words) => [...words].length,
};

export class Composer {
  /** @param {{send: (text: string, outsideWindow: boolean) => void, typing: () => void}} on @param {string} agentId */
  constructor(on, agentId) {
    this.on = on;
    this.agentId = agentId;
    setInterval(() => this.showWindow(), WINDOW_TICK_MS);
    this.attach();
  }

  /** Take hold of the composer as the server has just printed it; a reader without the right has none. */
  attach() {
    this.form = document.querySelector("form#composer");
    this.area = document.getElementById("reply-text");
    if (!this.form) return;
    this.conversationId = document.getElementById("conversation").dataset.id;
    this.area.value = read(this.#draftKey) ?? "";
    this.area.addEventListener("input", () => this.#changed());
    this.area.addEventListener("keydown", (event) => this.#key(event));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#measure();
    this.showWindow();
  }

  focus() {
    this.area?.focus();
  }

  /** Put words back to be edited, in front of what stands there. @param {string} words */
  takeBack(words) {
    this.area.value = [words, this.area.value].filter(Boolean).join("\n");
    this.#changed();
    this.focus();
  }

  /** The conversation changed: the customer's last message opens the window again, somebody may have taken it.
   * @param {any} row */
  conversationChanged(row) {
    if (!this.form) return;
    this.form.dataset.lastCustomer = row.last_customer_message_at ?? "";
    this.showWindow();
    this.showOwner(row.assignee_id, row.assignee_name);
  }

  /** Say when the conversation is somebody else's work. @param {string | null} id @param {string | null} name */
  showOwner(id, name) {
    const note = this.form?.querySelector('[data-note="other-agent"]');
    if (!note) return;
    note.hidden = !id || id === this.agentId;
    note.textContent = note.hidden ? "" : text("their-work", { names: name ?? "" });
  }

  /** Who may answer now, and until when. The server counts the same way and has the last word. */
  showWindow() {
    if (!this.form) return;
    const { windowSeconds, humanSeconds, lastCustomer } = this.form.dataset;
    if (!windowSeconds) return;
    const since = Date.parse(lastCustomer);
    const ends = { open: since + windowSeconds * 1000, human_only: since + humanSeconds * 1000 };
    const now = Date.now();
    const humanMay = Boolean(humanSeconds) && now < ends.human_only;
    const state = now < ends.open ? "open" : humanMay ? "human_only" : "closed";
    this.form.dataset.window = state;
    for (const note of this.form.querySelectorAll("[data-window-note]")) note.hidden = note.dataset.windowNote !== state;
    const end = this.form.querySelector(`[data-window-end="${state}"]`);
    if (end) end.textContent = inFull(ends[state]);
    const openNote = this.form.querySelector('[data-window-note="open"]');
    openNote.classList.toggle("is-amber", ends.open - now < LAST_HOUR_MS);
  }

  get #draftKey() {
    return `draft:${this.conversationId}`;
  }

  #key(event) {
    if (isComposing(event)) return;
    if (event.key === "Escape") this.area.blur();
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    this.#send();
  }

  #changed() {
    keep(this.#draftKey, this.area.value || null);
    this.#measure();
    if (this.area.value) this.on.typing();
  }

  #measure() {
    const { limit, unit } = this.form.dataset;
    const left = limit - lengths[unit](this.area.value);
    const note = field(this.form, "left");
    note.hidden = left > WARN_LEFT;
    note.classList.toggle("is-over", left < 0);
    note.textContent = text(left < 0 ? "too-long" : "left", { n: Math.abs(left) });
    field(this.form, "draft").hidden = !this.area.value;
    this.form.querySelector('[type="submit"]').disabled = left < 0;
    return left;
  }

  #send() {
    const words = this.area.value.trim();
    if (!words || this.#measure() < 0) return;
    this.on.send(words, this.form.dataset.window === "human_only");
    this.area.value = "";
    this.#changed();
  }
}
