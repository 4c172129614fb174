/** Public comments: what stands below a bubble, and which comment the composer answers, in public or in private. */

import { address, field } from "./blanks.js";

const QUOTE_LENGTH = 120;
const JUDGE_MS = 60_000;

/** @param {HTMLElement} bubble @param {any} message */
export function paintComment(bubble, message) {
  const place = field(bubble, "comment");
  const facts = message.unsent_at ? null : message.comment;
  bubble.dataset.to = (message.to ?? "").split(":")[0];
  if (!place) return; // printed for comments only
  place.hidden = !facts;
  if (!facts) return;
  Object.assign(place.dataset, {
    hidden: facts.is_hidden ? "yes" : "no",
    private: facts.private_status,
    privateUntil: facts.private_until,
  });
  judge(place);
  for (const button of place.querySelectorAll("[data-act]")) address(button, message.id, "data-act");
}

/** Whether a comment may still be answered in private: once, and within seven days. @param {HTMLElement} place */
function judge({ dataset }) {
  const isUsed = dataset.private !== "" && dataset.private !== "skipped";
  dataset.privateState = isUsed ? "used" : Date.now() >= Date.parse(dataset.privateUntil) ? "late" : "open";
}

export class CommentTarget {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    document.addEventListener("click", (event) => this.#clicked(event.target.closest("[data-comment-act]")));
    setInterval(() => document.querySelectorAll("#messages .comment-acts:not([hidden])").forEach(judge), JUDGE_MS);
  }

  /** Take hold of the composer as the server has just printed it. Elsewhere than among comments there is no target. */
  attach() {
    this.place = document.getElementById("comment-target");
    this.id = null;
    this.show();
  }

  /** Whether nothing can be sent for want of a comment. */
  get isMissing() {
    return Boolean(this.place) && !this.#bubble;
  }

  /** What is sent along with an answer. */
  get wish() {
    const bubble = this.#bubble;
    return bubble ? { comment: { id: bubble.dataset.id, is_private: this.place.dataset.private === "yes" } } : {};
  }

  /** Answer this comment; null: the newest one, in public. @param {{id: string, is_private: boolean} | null} comment */
  take(comment) {
    this.#choose(comment?.id ?? null, Boolean(comment?.is_private));
  }

  /** Stay with the comment that is being answered, whatever comes meanwhile. */
  hold() {
    this.id = this.#bubble?.dataset.id ?? null;
  }

  /** Say whom the answer goes to. */
  show() {
    if (!this.place) return;
    const bubble = this.#bubble;
    const kind = bubble ? (this.place.dataset.private === "yes" ? "private" : "public") : "none";
    for (const note of this.place.querySelectorAll("[data-comment-note]")) note.hidden = note.dataset.commentNote !== kind;
    const quote = field(this.place, "quote");
    const words = bubble ? [...field(bubble, "text").textContent] : [];
    quote.hidden = !words.length;
    quote.textContent = words.length > QUOTE_LENGTH ? `${words.slice(0, QUOTE_LENGTH).join("")}…` : words.join("");
    for (const other of document.querySelectorAll("#messages .is-target")) other.classList.remove("is-target");
    bubble?.classList.add("is-target");
  }

  /** The chosen comment; else the newest that is still there. */
  get #bubble() {
    const open = [...document.querySelectorAll('#messages .message:not([data-unsent]) [data-field="comment"]:not([hidden])')];
    const all = open.map((place) => place.closest(".message"));
    return all.find((bubble) => bubble.dataset.id === this.id) ?? all.at(-1) ?? null;
  }

  #clicked(button) {
    if (!button) return;
    this.#choose(button.closest(".message").dataset.id, button.dataset.commentAct === "private");
    document.getElementById("reply-text")?.focus();
  }

  #choose(id, isPrivate) {
    if (!this.place) return;
    this.id = id;
    this.place.dataset.private = isPrivate ? "yes" : "no";
    this.show();
    this.changed();
  }
}
