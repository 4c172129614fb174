/** The list of conversations. New activity goes to the top, but never under a pointer or a focused row. */

import { field } from "./blanks.js";
import { isAbove } from "./order.js";
import { markUnread, newRow, paintRow } from "./render.js";
import { text } from "./texts.js";
import { tick, writeAll } from "./times.js";

const canHover = window.matchMedia("(hover: hover)");

export class List {
  /** @param {string} agentId */
  constructor(agentId) {
    this.agentId = agentId;
    /** Rows that wait for the list to be left in peace. @type {Map<string, any>} */
    this.waiting = new Map();
    this.attach();
  }

  /** Take hold of the list as the server has just printed it. */
  attach() {
    this.pane = document.getElementById("list");
    this.rows = document.getElementById("rows");
    this.pill = document.getElementById("pill");
    this.waiting.clear();
    this.pill.addEventListener("click", () => this.settle());
    this.rows.addEventListener("pointerleave", () => this.settle(true));
    this.rows.addEventListener("focusout", () => setTimeout(() => this.settle(true)));
    writeAll(this.pane);
  }

  /** @param {string} id @returns {HTMLElement | null} */
  row(id) {
    return this.rows.querySelector(`.row[data-id="${CSS.escape(id)}"]`);
  }

  /** A conversation changed. @param {any} row */
  changed(row) {
    const element = this.row(row.id);
    if (element) paintRow(element, row);
    const stays = element && this.#belongs(row) && this.#isInPlace(element);
    if (stays || (!element && !this.#belongs(row))) {
      this.waiting.delete(row.id);
    } else {
      this.waiting.set(row.id, row);
    }
    this.settle(true);
  }

  /** The agent has read a conversation. @param {string} id @param {number} number */
  seen(id, number) {
    const element = this.row(id);
    if (!element || Number(element.dataset.read) >= number) return;
    element.dataset.read = String(number);
    markUnread(element);
  }

  /** Mark the row of the open conversation. @param {string | undefined} id */
  markOpen(id) {
    this.rows.querySelector("[aria-current]")?.removeAttribute("aria-current");
    if (id) this.row(id)?.querySelector(".row-link").setAttribute("aria-current", "true");
  }

  /** Say who looks at a row or writes in it. @param {string} id @param {string} words */
  presence(id, words) {
    const element = this.row(id);
    if (element) field(element, "presence").textContent = words;
  }

  /** Move, add and remove rows that waited.
   * @param {boolean} [onlyInPeace] not while somebody points at the list or has focus in it */
  settle(onlyInPeace = false) {
    if (!onlyInPeace || !this.#isBusy()) {
      const rows = [...this.waiting.values()].sort((a, b) => Date.parse(a.last_activity_at) - Date.parse(b.last_activity_at));
      this.waiting.clear();
      rows.forEach((row) => this.#place(row));
    }
    const arrivals = [...this.waiting.values()].filter((row) => this.#belongs(row)).length;
    this.pill.hidden = !arrivals;
    this.pill.textContent = arrivals ? text("new-rows", { n: arrivals }) : "";
    document.getElementById("empty").hidden = Boolean(this.rows.querySelector(".row"));
  }

  #isBusy() {
    const pointed = canHover.matches && this.rows.matches(":hover");
    return pointed || this.rows.contains(document.activeElement);
  }

  #belongs(row) {
    const { view, inbox } = this.pane.dataset;
    if (inbox && row.inbox_id !== inbox) return false;
    if (view === "snoozed" || view === "resolved") return row.status === view;
    if (row.status !== "open" && row.status !== "pending") return false;
    if (view === "mine") return row.assignee_id === this.agentId;
    if (view === "unassigned") return !row.assignee_id;
    return view === "all" || Boolean(row.waiting_since);
  }

  #isInPlace({ dataset, previousElementSibling: above, nextElementSibling: below }) {
    const { order } = this.pane.dataset;
    const isTooLow = above?.matches(".row") && isAbove(dataset, above.dataset, order);
    const isTooHigh = below?.matches(".row") && isAbove(below.dataset, dataset, order);
    return !isTooLow && !isTooHigh;
  }

  #place(row) {
    const known = this.row(row.id);
    if (!this.#belongs(row)) return known?.remove();
    const element = known ?? newRow(row);
    if (known) paintRow(element, row);
    const { order } = this.pane.dataset;
    const below = [...this.rows.querySelectorAll(".row")].find(
      (other) => other !== known && !isAbove(other.dataset, element.dataset, order),
    );
    const more = this.rows.querySelector(".more");
    if (!below && more && !known) return undefined; // it stands on a page that is not loaded yet
    this.rows.insertBefore(element, below ?? more);
    if (!known) window.htmx.process(element);
    tick(element);
    return element;
  }
}
