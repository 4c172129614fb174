/** Times for people: formatted in the agent's zone and language, clocks that go on. */

import { text } from "./texts.js";

const lang = document.documentElement.lang || "en";
const zone = document.body.dataset.zone || undefined;
const AMBER_MS = 5 * 60_000;
const RED_MS = 15 * 60_000;
const LAST_HOUR_MS = 3_600_000;

const format = (options, timeZone = zone) => new Intl.DateTimeFormat(lang, { timeZone, ...options });
const clock = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = format({ weekday: "long", month: "long", day: "numeric" });
const shortDay = format({ month: "numeric", day: "numeric" });
const date = format({ dateStyle: "medium" });
const full = format({ dateStyle: "medium", timeStyle: "short" });
const dayKey = new Intl.DateTimeFormat("en-CA", { timeZone: zone });

/** @param {Date} at */
const isToday = (at) => dayKey.format(at) === dayKey.format(new Date());

const styles = {
  time: (at) => clock.format(at),
  list: (at) => (isToday(at) ? clock.format(at) : shortDay.format(at)),
  date: (at) => date.format(at),
  full: (at) => full.format(at),
};

/** Write an instant the way its element asks for, with the whole date as title.
 * @param {HTMLTimeElement} element */
export function write(element) {
  const at = new Date(element.dateTime);
  if (Number.isNaN(at.getTime())) return;
  element.textContent = styles[element.dataset.format](at);
  element.title = full.format(at);
}

/** The day of an instant.
 * @param {string} at */
export const onDay = (at) => date.format(new Date(at));

/** An instant in full.
 * @param {string | number | Date} at */
export const inFull = (at) => full.format(new Date(at));

/** Write every time inside a part of the page.
 * @param {ParentNode} part */
export function writeAll(part) {
  part.querySelectorAll("time[data-format]").forEach(write);
  tick(part);
}

/** A span in one unit: 4 min, 2 h, 3 d.
 * @param {number} ms */
export function span(ms) {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 60) return text("minutes", { n: minutes });
  return minutes < 48 * 60
    ? text("hours", { n: Math.floor(minutes / 60) })
    : text("days", { n: Math.floor(minutes / 1440) });
}

/** Bring waiting clocks and customers' local times up to now.
 * @param {ParentNode} [part] */
export function tick(part = document) {
  const now = Date.now();
  for (const element of part.querySelectorAll("time.wait:not([hidden])")) {
    const waited = now - new Date(element.dateTime).getTime();
    const words = span(waited);
    if (element.textContent !== words) element.textContent = words;
    element.title = text("waiting", { span: words });
    element.classList.toggle("is-amber", waited >= AMBER_MS && waited < RED_MS);
    element.classList.toggle("is-red", waited >= RED_MS);
  }
  for (const element of part.querySelectorAll("time.closing")) countDown(element, now);
  for (const element of part.querySelectorAll("time[data-local-zone]")) {
    element.textContent = format({ weekday: "short", hour: "2-digit", minute: "2-digit" }, element.dataset.localZone).format(now);
  }
}

/** How long a customer who waits can still be answered: in the window's last hour, and always in the list that is
 * ordered by it. @param {HTMLTimeElement} element @param {number} now */
function countDown(element, now) {
  const left = Date.parse(element.dateTime) - now;
  const isQueue = Boolean(element.closest("#list")?.dataset.order);
  const isWaiting = Boolean(element.closest(".row")?.dataset.waiting);
  element.hidden = !isWaiting || !(left > 0) || (left >= LAST_HOUR_MS && !isQueue);
  if (element.hidden) return;
  element.textContent = text("closes", { span: span(left) });
  element.title = `${text("left-to-answer", { span: span(left) })} · ${full.format(new Date(element.dateTime))}`;
  element.classList.toggle("is-red", left < LAST_HOUR_MS);
}

/** Put a line with the day above the first message of each day.
 * @param {HTMLElement} messages the <ol> of the thread */
export function separateDays(messages) {
  messages.querySelectorAll('[data-divider="day"]').forEach((line) => line.remove());
  let last = "";
  for (const message of messages.querySelectorAll(".message")) {
    const at = new Date(message.dataset.sent);
    const key = dayKey.format(at);
    if (key === last) continue;
    last = key;
    const above = message.previousElementSibling;
    (above?.dataset.divider === "unread" ? above : message).before(dayLine(at, key));
  }
}

function dayLine(at, key) {
  const line = document.createElement("li");
  line.className = "divider";
  line.dataset.divider = "day";
  const label = document.createElement("span");
  const yesterday = dayKey.format(new Date(Date.now() - 86_400_000));
  label.textContent = isToday(at) ? text("today") : key === yesterday ? text("yesterday") : day.format(at);
  line.append(label);
  return line;
}
