/** The numbers on the tabs and in the window's title: moved by events, read again when that is not enough. */

import { get } from "./api.js";

const REREAD_MS = 5_000;
const LIVING = new Set(["open", "pending"]);

export class Counts {
  /** @param {string} url where to read them @param {string} agentId whose "mine" it is */
  constructor(url, agentId) {
    this.url = url;
    this.agentId = agentId;
    /** What is known of conversations: enough to tell which views they stand in. @type {Map<string, any>} */
    this.known = new Map();
    this.title = document.title;
    this.values = {};
    this.readAt = 0;
  }

  /** Learn from what the server has printed: the numbers, and the rows beside them. */
  readPage() {
    for (const tab of document.querySelectorAll("[data-tab] .count")) {
      this.values[tab.closest("[data-tab]").dataset.tab] = Number(tab.dataset.count);
    }
    this.values.unread = Number(document.getElementById("unread-count").value);
    this.readRows();
    this.#show();
  }

  /** Learn from printed rows alone. */
  readRows() {
    for (const { dataset } of document.querySelectorAll("#rows .row")) {
      this.known.set(dataset.id, {
        status: dataset.status,
        assignee: dataset.assignee,
        waiting: Boolean(dataset.waiting),
        lastInbound: Number(dataset.lastInbound),
        read: Number(dataset.read),
      });
    }
  }

  /** A conversation changed; `event` says how. @param {any} row @param {string} [event] */
  moved(row, event) {
    const before = this.known.get(row.id);
    const isNew = event === "conversation.opened";
    const unread = event === "message.received" ? 1 : 0;
    const after = {
      status: row.status,
      assignee: row.assignee_id ?? "",
      waiting: Boolean(row.waiting_since),
      lastInbound: row.last_inbound_number,
      read: before?.read ?? (isNew ? 0 : row.last_inbound_number - unread),
    };
    this.known.set(row.id, after);
    if (before || isNew) this.#shift(before, after);
    else this.reread();
  }

  /** How far the agent has read a conversation that has moved. @param {string} id */
  readOf(id) {
    return this.known.get(id).read;
  }

  /** The agent has read a conversation up to a number. @param {string} id @param {number} number */
  seen(id, number) {
    const before = this.known.get(id);
    if (!before || before.read >= number) return;
    const after = { ...before, read: number };
    this.known.set(id, after);
    this.#shift(before, after);
  }

  /** Ask the server, at most once in five seconds. */
  reread() {
    if (this.timer) return;
    const wait = Math.max(0, this.readAt + REREAD_MS - Date.now()) + Math.random() * 500;
    this.timer = setTimeout(async () => {
      this.timer = undefined;
      this.readAt = Date.now();
      const answer = await get(this.url).catch(() => null); // the next event or reconnect asks again
      if (!answer) return;
      this.values = answer.counts;
      this.#show();
    }, wait);
  }

  #shift(before, after) {
    for (const view of before ? this.#views(before) : []) this.values[view] = Math.max(0, this.values[view] - 1);
    for (const view of this.#views(after)) this.values[view] += 1;
    this.#show();
  }

  #views({ status, assignee, waiting, lastInbound, read }) {
    if (status === "snoozed") return ["snoozed"];
    if (!LIVING.has(status)) return [];
    const views = ["all"];
    if (!assignee) views.push("unassigned");
    if (waiting) views.push("waiting");
    if (assignee === this.agentId) views.push("mine");
    if (assignee === this.agentId && lastInbound > read) views.push("unread");
    return views;
  }

  #show() {
    for (const tab of document.querySelectorAll("[data-tab] .count")) {
      const value = this.values[tab.closest("[data-tab]").dataset.tab];
      tab.textContent = value;
      tab.dataset.count = value;
    }
    document.title = this.values.unread ? `(${this.values.unread}) ${this.title}` : this.title;
  }
}
