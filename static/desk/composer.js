/** Where answers are written: drafts that stay with their conversation, the reply window, the channel's length. */

import { field } from "./blanks.js";
import { CommentTarget } from "./comments.js";
import { isComposing } from "./ime.js";
import { keep, read } from "./store.js";
import { text } from "./texts.js";
import { Tray } from "./tray.js";
import { WindowNotes } from "./windows.js";

const WARN_LEFT = 50;
const WINDOW_TICK_MS = 20_000;
const draftKey = (id) => `draft:${id}`;
const encoder = new TextEncoder();

/** Elsewhere than in mails there is no head; until its part has come nothing is sent without it. */
const NO_HEAD = { isWrong: false, wish: {}, take() {}, show() {} };
const HEAD_TO_COME = { ...NO_HEAD, isWrong: true };

const lengths = {
  bytes: (words) => encoder.encode(words).length,
  utf16: (words) => words.length,
  characters: (words) => [...words].length,
};

export class Composer {
  /** @param {{send: (text: string, outsideWindow: boolean, more: object) => void, typing: () => void,
   *   signedOut: () => void}} on @param {string} agentId */
  constructor(on, agentId) {
    this.on = on;
    this.agentId = agentId;
    this.tray = new Tray({ changed: () => this.#measure(), signedOut: on.signedOut });
    this.target = new CommentTarget(() => this.#measure());
    this.head = NO_HEAD;
    this.segmentsOf = () => 0;
    this.notes = new WindowNotes();
    setInterval(() => {
      if (!this.form) return;
      this.notes.show();
      this.#measure();
    }, WINDOW_TICK_MS);
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
    this.form.addEventListener("click", ({ target }) => target.dataset.way && this.#carry(target.dataset.way));
    this.notes.attach(this.form); // before the others: they measure, which asks it
    this.tray.attach(this.form, this.conversationId);
    this.target.attach();
    this.#fetchParts();
    this.#measure();
  }

  /** What only some channels need is not part of the first load. */
  #fetchParts() {
    const { form, conversationId } = this;
    if (form.querySelector("[data-templates]")) {
      const files = () => this.tray.ready.length;
      const send = (/** @type {string} */ words, /** @type {any} */ template) => this.#sendTemplate(words, template);
      import("./templates.js").then(({ Templates }) => new Templates({ send, files, signedOut: this.on.signedOut }).attach(form));
    }
    if (form.dataset.segments) import("./segments.js").then(({ segmentsOf }) => ((this.segmentsOf = segmentsOf), this.#measure()));
    this.head = document.getElementById("mail-head") ? HEAD_TO_COME : NO_HEAD;
    if (this.head === NO_HEAD) return;
    this.isAsked = false;
    import("./mail_head.js").then(({ MailHead }) => {
      if (form !== this.form) return; // another thread stands here by now
      this.head = new MailHead(() => this.#measure());
      this.head.attach(conversationId);
      this.#measure();
      if (this.isAsked) this.#send();
    });
  }

  focus() {
    this.area?.focus();
  }

  /** Put words back to be edited, in front of what stands there, and their files. @param {string} words
   * @param {any[]} files @param {{id: string, is_private: boolean} | null} comment
   * @param {import("./mail_head.js").Head | null} mail */
  takeBack(words, files = [], comment = null, mail = null) {
    this.tray.takeBack(files);
    this.target.take(comment);
    this.head.take(mail);
    this.area.value = [words, this.area.value].filter(Boolean).join("\n");
    this.#changed();
    this.focus();
  }

  /** The conversation changed: the customer's last message opens the window again, somebody may have taken it.
   * @param {any} row */
  conversationChanged(row) {
    if (!this.form) return;
    this.notes.changed(row);
    this.target.show();
    this.head.show();
    this.#measure();
    this.showOwner(row.assignee_id, row.assignee_name);
  }

  /** Say when the conversation is somebody else's work. @param {string | null} id @param {string | null} name */
  showOwner(id, name) {
    const note = this.form?.querySelector('[data-note="other-agent"]');
    if (!note) return;
    note.hidden = !id || id === this.agentId;
    note.textContent = note.hidden ? "" : text("their-work", { names: name ?? "" });
  }

  get #draftKey() {
    return draftKey(this.conversationId);
  }

  /** The draft goes along to another conversation of the same customer: nothing is sent until somebody sends it there.
   * @param {string} id */
  #carry(id) {
    const words = [read(draftKey(id)), this.area.value].filter(Boolean).join("\n");
    keep(draftKey(id), words || null);
    this.tray.carry(id);
    this.area.value = "";
    this.#changed();
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
    if (!this.area.value) return;
    this.target.hold();
    this.on.typing();
  }

  #measure() {
    const { limit, unit } = this.form.dataset;
    const left = limit - lengths[unit](this.area.value);
    const note = field(this.form, "left");
    note.hidden = left > WARN_LEFT;
    note.classList.toggle("is-over", left < 0);
    note.textContent = text(left < 0 ? "too-long" : "left", { n: Math.abs(left) });
    const parts = this.form.dataset.segments ? this.segmentsOf(this.area.value) : 0;
    field(this.form, "segments").textContent = parts > 1 ? text("segments", { n: parts }) : "";
    field(this.form, "draft").hidden = !this.area.value;
    const cannotGo = left < 0 || this.tray.isBusy || this.target.isMissing || this.head.isWrong || this.notes.isShut;
    this.form.querySelector('[type="submit"]').disabled = cannotGo;
    return !cannotGo;
  }

  #send() {
    this.isAsked = this.head === HEAD_TO_COME; // whoever was quicker than the head is not asked to press again
    const words = this.area.value.trim();
    const files = this.tray.ready;
    if ((!words && !files.length) || !this.#measure()) return;
    this.on.send(words, this.form.dataset.window === "human_only", { files, ...this.target.wish, ...this.head.wish });
    this.area.value = "";
    this.target.take(null);
    this.head.take(null);
    this.tray.clear();
    this.#changed();
  }

  #sendTemplate(words, template) {
    this.on.send(words, false, { template, files: this.tray.ready });
    this.tray.clear();
  }
}
