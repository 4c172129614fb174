/** The open conversation: bubbles in platform time, older ones on demand, read marks when they are really seen. */

import { get, post } from "./api.js";
import { blank, field } from "./blanks.js";
import { Pages } from "./pages.js";
import { initials, newBubble, paintBubble } from "./render.js";
import { text } from "./texts.js";
import { separateDays, write, writeAll } from "./times.js";

const MOST_BUBBLES = 400;
const NEAR_END_PX = 80;
const SEEN_PAUSE_MS = 600;
const TO_NEWEST = "#newest"; // at the end of an address: whatever is unread, the thread opens at its end

export class Thread {
  /** @param {{seen: (id: string, number: number) => void}} on */
  constructor(on) {
    this.on = on;
    document.addEventListener("visibilitychange", () => this.noteSeen());
    window.addEventListener("focus", () => this.noteSeen());
    this.attach();
  }

  get id() {
    return this.section.dataset.id;
  }

  /** The number of the newest message on the screen. */
  get newest() {
    return Number(this.section.dataset.newest ?? 0);
  }

  /** Take hold of the conversation as the server has just printed it. */
  attach() {
    this.section = document.getElementById("conversation");
    this.messages = document.getElementById("messages");
    if (!this.id) return;
    this.scroller = document.getElementById("thread");
    this.newer = document.getElementById("newer");
    writeAll(this.section);
    separateDays(this.messages);
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.newer.addEventListener("click", () => this.toEnd());
    this.pages = new Pages(this.section, this.messages, this.scroller, () => this.catchUp().catch(() => {}));
    const first = this.messages.querySelector(".is-found") ?? this.messages.querySelector('[data-divider="unread"]');
    if (first && location.hash !== TO_NEWEST) first.scrollIntoView({ block: "center" });
    else this.toEnd();
    this.noteSeen();
  }

  /** A message is new or has changed. @param {any} message */
  upsert(message) {
    const wasAtEnd = this.#isAtEnd();
    const known = this.#bubble(message);
    const element = known ?? newBubble(message);
    if (known) paintBubble(known, message);
    if (this.pages.isFarBack) return known ? undefined : this.#noteNewer(message);
    this.#place(element);
    if (message.number) this.section.dataset.newest = String(Math.max(this.newest, message.number));
    if (message.direction === "in") {
      this.section.dataset.lastInbound = String(Math.max(Number(this.section.dataset.lastInbound), message.number));
    }
    separateDays(this.messages);
    if (wasAtEnd || !message.number) this.toEnd();
    else if (!known) this.newer.hidden = false;
    if (!known && message.direction === "in") this.#announce(message);
    this.#trim();
    this.noteSeen();
  }

  /** Take a bubble away that was never sent. @param {string} clientId */
  remove(clientId) {
    this.#bubble({ client_id: clientId })?.remove();
  }

  /** Take away the second bubble of one message. @param {string} id */
  forget(id) {
    this.#bubble({ id })?.remove();
    separateDays(this.messages);
  }

  /** @param {string} clientId @returns {HTMLElement | null} */
  bubbleOf(clientId) {
    return this.#bubble({ client_id: clientId });
  }

  /** The conversation's state changed: show it in the head. @param {any} row */
  stateChanged(row) {
    Object.assign(this.section.dataset, { status: row.status, assignee: row.assignee_id ?? "" });
    const name = row.contact_name || text("visitor");
    this.section.querySelectorAll('[data-field="contact"]').forEach((place) => (place.textContent = name));
    this.section.querySelector(".profile .avatar").textContent = initials(name);
    field(this.section, "status").textContent = text(`status-${row.status}`);
    const snoozed = field(this.section, "snoozed");
    snoozed.hidden = !row.snoozed_until;
    snoozed.querySelector("time").dateTime = row.snoozed_until ?? "";
    write(snoozed.querySelector("time"));
    const assignee = field(this.section, "assignee");
    if (assignee) assignee.textContent = row.assignee_name ?? text("unassigned");
    const flag = this.section.querySelector(".acts .flag");
    if (flag) flag.dataset.priority = row.priority;
    for (const item of this.section.querySelectorAll('[data-menu="priority"] .menu-item')) {
      const isChosen = JSON.parse(item.dataset.body).priority === row.priority;
      if (isChosen) item.setAttribute("aria-current", "true");
      else item.removeAttribute("aria-current");
    }
  }

  /** Read what reached us while the part was on its way or the line was down. */
  async catchUp() {
    if (!this.id) return;
    const { id } = this;
    const answer = await get(`${this.section.dataset.missedUrl}?after=${this.newest}`);
    if (id === this.id) answer.messages.forEach((message) => this.upsert(message));
  }

  /** To the newest message, also when the thread was opened far back. */
  toEnd() {
    if (this.pages.isFarBack) return location.assign(location.pathname + TO_NEWEST);
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.newer.hidden = true;
  }

  /** Tell the server that the newest message is read: the thread open, the tab visible, the end in view. */
  noteSeen() {
    clearTimeout(this.seenTimer);
    if (!this.id) return;
    const number = this.newest;
    const isNews = Number(this.section.dataset.lastInbound) > Number(this.section.dataset.read);
    if (!isNews || document.hidden || !this.#isAtEnd() || this.pages.isFarBack) return;
    const { section } = this;
    this.seenTimer = setTimeout(async () => {
      section.dataset.read = String(number);
      this.on.seen(section.dataset.id, number);
      await post(section.dataset.seenUrl, { number }).catch(() => (section.dataset.read = "0"));
    }, SEEN_PAUSE_MS);
  }

  #scrolled() {
    if (this.#isAtEnd()) this.newer.hidden = true;
    if (this.scroller.scrollTop < NEAR_END_PX) this.pages.older();
    if (this.#isAtEnd()) this.pages.newer();
    this.noteSeen();
  }

  /** Between the page on the screen and a new message others are missing: it is only told of. */
  #noteNewer(message) {
    this.newer.hidden = false;
    if (message.direction === "in") this.#announce(message);
  }

  #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  }

  #bubble({ id, client_id }) {
    const by = (name, value) => value && this.messages.querySelector(`[data-${name}="${CSS.escape(value)}"]`);
    return by("id", id) || by("client", client_id) || null;
  }

  #place(element) {
    let below = null;
    let other = this.messages.lastElementChild;
    while (other && (!other.matches(".message") || other === element || isAfter(other, element))) {
      if (other.matches(".message") && other !== element) below = other;
      other = other.previousElementSibling;
    }
    const next = below ?? null;
    if (element.nextElementSibling !== next || !element.parentElement) this.messages.insertBefore(element, next);
  }

  #trim() {
    const bubbles = this.messages.querySelectorAll(".message");
    if (bubbles.length <= MOST_BUBBLES || !this.#isAtEnd()) return;
    const first = bubbles[bubbles.length - MOST_BUBBLES];
    while (this.messages.firstElementChild !== first) this.messages.firstElementChild.remove();
    const older = blank("blank-older");
    older.querySelector("button").dataset.before = `${first.dataset.sent}_${first.dataset.number}`;
    this.messages.prepend(older);
    separateDays(this.messages);
  }

  #announce(message) {
    document.getElementById("announcer").textContent = message.text || text(message.kind) || text("no-text");
  }
}

/** Whether a bubble stands below another: later in platform time, then in order of arrival; the unsent stand last. */
function isAfter(bubble, other) {
  const place = ({ dataset }) => [dataset.number ? Date.parse(dataset.sent) : Infinity, Number(dataset.number) || Date.parse(dataset.sent)];
  const [at, number] = place(bubble);
  const [otherAt, otherNumber] = place(other);
  return at > otherAt || (at === otherAt && number > otherNumber);
}
