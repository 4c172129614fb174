/** Answers on their way: kept in this browser until the server has them, sent in order, never twice. */

import { post, Refused, SignedOut } from "./api.js";
import { keep, list } from "./store.js";

const AGAIN_MS = 4_000;
const TOO_MANY = 429;

/**
 * An answer on its way. `state`: sending | kept (no connection) | held (the conversation has moved) | refused.
 * @typedef {{client_id: string, conversation_id: string, url: string, text: string, seen_number: number,
 *   outside_window: boolean, at: string, state: string, code?: string, title?: string, newer?: any[],
 *   files?: {id: string, name: string, mime: string, size: number}[], template?: object,
 *   mail?: import("./mail_head.js").Head}} Entry
 */

export class Outbox {
  /** @param {{changed: (entry: Entry) => void, sent: (entry: Entry, answer: any) => void, signedOut: () => void}} on */
  constructor(on) {
    this.on = on;
    /** @type {Map<string, Entry>} */
    this.entries = new Map(
      list("outbox:")
        .sort((a, b) => a.at.localeCompare(b.at))
        .map((entry) => [entry.client_id, entry]),
    );
  }

  /** The unsent answers of one conversation, oldest first. @param {string} conversationId */
  of(conversationId) {
    return [...this.entries.values()].filter((entry) => entry.conversation_id === conversationId);
  }

  /** Take an answer and send it when its turn has come.
   * @param {Omit<Entry, "client_id" | "at" | "state">} answer */
  add(answer) {
    const entry = { ...answer, client_id: newId(), at: new Date().toISOString(), state: "sending" };
    this.#put(entry);
    this.flush();
    return entry;
  }

  /** Send a held or refused answer all the same. @param {string} clientId @param {Partial<Entry>} changes */
  again(clientId, changes = {}) {
    const entry = this.entries.get(clientId);
    if (!entry) return;
    this.#put({ ...entry, ...changes, state: "sending", code: undefined, title: undefined, newer: undefined });
    this.flush();
  }

  /** Take an answer out, unsent. @param {string} clientId */
  take(clientId) {
    const entry = this.entries.get(clientId);
    this.entries.delete(clientId);
    keep(`outbox:${clientId}`, null);
    return entry;
  }

  /** Send what can be sent: in order within a conversation, nothing past one that waits for a decision. */
  async flush() {
    if (this.busy) return;
    this.busy = true;
    clearTimeout(this.timer);
    try {
      const stopped = new Set();
      for (let entry = this.#next(stopped); entry; entry = this.#next(stopped)) {
        if (!(await this.#send(entry))) stopped.add(entry.conversation_id);
      }
    } finally {
      this.busy = false;
    }
    if ([...this.entries.values()].some((entry) => entry.state === "kept")) {
      this.timer = setTimeout(() => this.flush(), AGAIN_MS);
    }
  }

  #next(stopped) {
    const blocked = new Set(stopped);
    for (const entry of this.entries.values()) {
      const waits = entry.state === "held" || entry.state === "refused";
      if (!waits && !blocked.has(entry.conversation_id)) return entry;
      blocked.add(entry.conversation_id);
    }
    return undefined;
  }

  async #send(entry) {
    const { client_id, text, seen_number, outside_window, template = null, comment = null, mail = null } = entry;
    const files = (entry.files ?? []).map((file) => file.id);
    try {
      const answer = await post(entry.url, { client_id, text, seen_number, outside_window, files, template, comment, mail });
      this.take(client_id);
      this.on.sent(entry, answer);
      return true;
    } catch (error) {
      this.#put({ ...entry, ...this.#outcome(error) });
      return false;
    }
  }

  #outcome(error) {
    if (error instanceof SignedOut) this.on.signedOut();
    if (!(error instanceof Refused) || error.status >= 500 || error.status === TOO_MANY) return { state: "kept" };
    const state = error.code === "conversation_moved" || error.code === "human_only" ? "held" : "refused";
    return { state, code: error.code, title: error.message, newer: error.body.messages ?? [] };
  }

  #put(entry) {
    this.entries.set(entry.client_id, entry);
    keep(`outbox:${entry.client_id}`, entry);
    this.on.changed(entry);
  }
}

/** A version 4 UUID; randomUUID() is missing where the page came without encryption. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
