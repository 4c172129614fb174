// What the visitor wrote and the server has not confirmed: sent in order, kept over a reload, never doubled.

import { call, Offline } from "./calls.js";

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 5000;

export class Outbox {
  /**
   * @param {{kept: (entries: string) => void, confirmed: (clientId: string, row: any, byMail?: string) => void,
   *   refused: (clientId: string, code: string) => void, waits: (clientId: string) => void,
   *   lost: () => Promise<void>, page: () => object}} told
   */
  constructor(told) {
    this.told = told;
    /** @type {{client_id: string, text: string}[]} */
    this.entries = [];
    this.running = false;
    this.wait = FIRST_WAIT;
  }

  /** Take over what an earlier page had not sent. @param {string} kept @returns {{client_id: string, text: string}[]} */
  restore(kept) {
    try {
      const entries = JSON.parse(kept || "[]");
      this.entries = entries.filter((/** @type {any} */ e) => typeof e.client_id === "string" && typeof e.text === "string");
    } catch {
      this.entries = [];
    }
    return this.entries;
  }

  /** @param {string} clientId @param {string} text @param {object} [more] what goes along: the form's answers, files */
  add(clientId, text, more) {
    this.entries.push({ client_id: clientId, text, ...more });
    this.keep();
    this.flush();
  }

  /** Try now, not at the end of the pause. */
  hurry() {
    this.wait = FIRST_WAIT;
    this.wake?.();
    this.flush();
  }

  async flush() {
    if (this.running) return;
    this.running = true;
    while (this.entries.length) {
      const pause = await this.sendFirst(/** @type {any} */ (this.entries[0]));
      if (pause) await this.pause(pause);
    }
    this.running = false;
  }

  /** @param {{client_id: string, text: string}} entry @returns {Promise<number>} milliseconds to wait */
  async sendFirst(entry) {
    let answer;
    try {
      answer = await call("POST", "messages", { ...entry, page: this.told.page() });
      if (answer.status === 401) {
        await this.told.lost();
        return this.wait;
      }
    } catch (error) {
      if (!(error instanceof Offline)) throw error;
      answer = { status: 0, wait: 0, content: {} };
    }
    if (answer.status === 0 || answer.status === 429 || answer.status >= 500) {
      this.told.waits(entry.client_id);
      this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
      return Math.max(answer.wait * 1000, this.wait * (0.5 + Math.random() / 2));
    }
    this.wait = FIRST_WAIT;
    this.entries.shift();
    this.keep();
    if (answer.status < 300) this.told.confirmed(entry.client_id, answer.content.message, answer.content.by_mail);
    else this.told.refused(entry.client_id, answer.content.code ?? "");
    return 0;
  }

  /** @param {number} milliseconds */
  pause(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => (clearTimeout(timer), resolve(undefined));
    });
  }

  keep() {
    this.told.kept(JSON.stringify(this.entries));
  }

  wake = () => {};
}
