/** Reply windows as the server counts them (conversations/window.py), which has the last word. */

import { field } from "./blanks.js";
import { text } from "./texts.js";
import { inFull } from "./times.js";

const LAST_HOUR_MS = 3_600_000;
const kinds = JSON.parse(document.body.dataset.windows || "{}");

/** The window of a conversation at an instant: open, human_only, closed, used_up, or unlimited.
 * @param {{seconds: number | null, human: number | null, brief: number | null, messages: number | null,
 *   brief_messages: number | null}} spans how its kind of channel counts
 * @param {any} row what the conversation remembers of its windows
 * @param {number} now @returns {{state: string, ends?: number, left?: number}} */
export function windowAt(spans, row, now) {
  if (!spans?.seconds) return { state: "unlimited" };
  const since = Date.parse(row.last_customer_message_at);
  const ends = { open: since + spans.seconds * 1000, human_only: since + (spans.human ?? 0) * 1000 };
  const state = ["open", "human_only"].find((one) => now < ends[one]) ?? "closed";
  const left = spans.messages && state !== "closed" ? Math.max(0, spans.messages - row.sent_in_window) : undefined;
  if (state !== "closed" && left !== 0) return { state, ends: ends[state], left };
  const briefEnd = Date.parse(row.brief_window_at) + (spans.brief ?? 0) * 1000;
  const takes = !spans.brief_messages || row.sent_in_brief_window < spans.brief_messages;
  if (now < briefEnd && takes) return { state: "open", ends: briefEnd };
  return { state: left === 0 ? "used_up" : "closed" };
}

/** When the window that is open now closes, of a conversation in the list; "" for never. @param {any} row */
export function closingOf(row) {
  const { ends } = row.kind === "comments" ? {} : windowAt(kinds[row.channel], row, Date.now());
  return ends ? new Date(ends).toISOString() : "";
}

/** What the composer says about the window of its conversation. */
export class WindowNotes {
  /** Take hold of a composer that the server has just printed. @param {HTMLFormElement} form */
  attach(form) {
    this.form = form;
    this.spans = JSON.parse(form.dataset.spans);
    this.show();
  }

  /** The conversation changed. @param {any} row */
  changed(row) {
    Object.assign(this.form.dataset, {
      lastCustomer: row.last_customer_message_at ?? "",
      sentInWindow: row.sent_in_window,
      briefAt: row.brief_window_at ?? "",
      sentInBrief: row.sent_in_brief_window,
    });
    this.show();
  }

  /** Whether nothing but a template may be sent. */
  get isShut() {
    return ["closed", "used_up"].includes(this.form.dataset.window);
  }

  get #row() {
    const { lastCustomer, sentInWindow, briefAt, sentInBrief } = this.form.dataset;
    return {
      last_customer_message_at: lastCustomer,
      sent_in_window: Number(sentInWindow),
      brief_window_at: briefAt,
      sent_in_brief_window: Number(sentInBrief),
    };
  }

  /** Who may answer now, and until when. */
  show() {
    if (!this.form || !this.spans.seconds) return;
    const now = Date.now();
    const { state, ends, left } = windowAt(this.spans, this.#row, now);
    this.form.dataset.window = state;
    for (const note of this.form.querySelectorAll("[data-window-note]")) note.hidden = note.dataset.windowNote !== state;
    const end = this.form.querySelector(`[data-window-end="${state}"]`);
    if (end) end.textContent = inFull(ends);
    this.form.querySelector('[data-window-note="open"]').classList.toggle("is-amber", ends - now < LAST_HOUR_MS);
    const counts = state === "open" && left !== undefined;
    field(this.form, "window-left").textContent = counts ? text("window-left", { left, most: this.spans.messages }) : "";
  }
}
