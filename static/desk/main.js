/** The desk: joins the live line, the list, the open thread and what is on its way. */

import "./house.js";
import { Acts } from "./acts.js";
import { fragment, get, Refused, SignedOut } from "./api.js";
import { Composer } from "./composer.js";
import { Counts } from "./counts.js";
import { watchComposition } from "./ime.js";
import { Keys } from "./keys.js";
import { heard } from "./links.js";
import { List } from "./list.js";
import { Outbox } from "./outbox.js";
import { Presence } from "./presence.js";
import { Live } from "./socket.js";
import { dropOld } from "./store.js";
import { text, toast } from "./texts.js";
import { Thread } from "./thread.js";
import { tick } from "./times.js";
import { Unsent } from "./unsent.js";

const CLOCK_MS = 15_000;
const OFFLINE_AFTER_MS = 1_200;
const { agent, countsUrl, sequence } = document.body.dataset;

watchComposition(document);
dropOld();

const counts = new Counts(countsUrl, agent);
const list = new List(agent);
const thread = new Thread({ seen });
const outbox = new Outbox({
  changed: (entry) => unsent.changed(entry),
  sent: (entry, { messages, sequence }) => (unsent.sent(entry, messages), applyAgain(sequence)),
  signedOut,
});
const composer = new Composer({ send, typing: () => presence.typing(), signedOut }, agent);
const unsent = new Unsent(outbox, thread, composer);
const live = new Live(Number(sequence), { event: apply, resync, presence: (frame) => presence.heard(frame), state: lineChanged });
const presence = new Presence(live, agent, (id, words) => list.presence(id, words));
const acts = new Acts({ answered, signedOut });
new Keys({ reply: () => composer.focus(), press: (key) => acts.press(key) });

let person; // what is known of a customer is loaded with the first thread: the first load stays small

counts.readPage();
showOwner();
setInterval(tick, CLOCK_MS);
outbox.flush();

/** One event of the log. */
function apply(event) {
  heard(event);
  if (event.conversation) moved(event.conversation, event.name);
  if (event.conversation_id && event.conversation_id === thread.id) {
    if (event.name === "message.merged") thread.forget(event.payload.twin_id);
    if (event.message) thread.upsert(event.message);
    if (event.conversation) openChanged(event.conversation);
  }
  person?.then((part) => part.heard(event));
  if (event.name === "conversation.seen" && event.actor.id === agent) seen(event.conversation_id, event.payload.number);
}

function moved(row, event) {
  counts.moved(row, event);
  list.changed({ ...row, read_number: counts.readOf(row.id) });
}

function answered({ conversation, message, sequence }) {
  if (conversation) changed(conversation);
  if (message) thread.upsert(message);
  applyAgain(sequence);
}

/** An answer may be older than what the line has brought meanwhile: the later events have the last word. */
function applyAgain(sequence) {
  live.since(sequence)?.filter((event) => event.name).forEach(apply);
}

function changed(row) {
  moved(row);
  if (row.id === thread.id) openChanged(row);
}

/** The open conversation changed: its head and its composer say so. */
function openChanged(row) {
  thread.stateChanged(row);
  composer.conversationChanged(row);
  for (const note of document.querySelectorAll("#conversation [data-held]")) note.hidden = !row.held_elsewhere_at;
}

function seen(id, number) {
  counts.seen(id, number);
  list.seen(id, number);
  if (id === thread.id) thread.section.dataset.read = String(Math.max(Number(thread.section.dataset.read), number));
}

function send(words, outsideWindow, more) {
  outbox.add({
    conversation_id: thread.id,
    url: thread.section.dataset.replyUrl,
    text: words,
    seen_number: thread.newest,
    outside_window: outsideWindow,
    ...more,
  });
  thread.toEnd();
}

function showOwner() {
  const assignee = thread.section.dataset.assignee;
  const name = thread.section.querySelector('.acts [data-field="assignee"]')?.textContent;
  composer.showOwner(assignee || null, name ?? null);
}

/** A part came from the server: take hold of it, and add what happened after it was rendered. */
function partArrived(id) {
  const part = document.getElementById(id);
  const missed = live.since(Number(part.dataset.sequence ?? live.newest));
  if (id === "list") {
    list.attach();
    counts.readPage();
  } else {
    document.body.classList.toggle("has-conversation", Boolean(part.dataset.id));
    thread.attach();
    composer.attach();
    unsent.attach();
    presence.announce();
    showOwner();
    document.getElementById("thread")?.focus({ preventScroll: true });
  }
  list.markOpen(thread.id);
  if (missed) missed.filter((event) => event.name).forEach(apply);
  else thread.catchUp().catch(() => {});
}

/** Too much was missed: read the visible parts again. */
async function resync() {
  counts.reread();
  await replace("list", document.getElementById("list").dataset.url);
  await thread.catchUp().catch(() => {});
}

async function replace(id, url) {
  const html = await fragment(url).catch(() => null);
  if (html === null) return;
  const part = document.getElementById(id);
  part.outerHTML = html;
  window.htmx.process(document.getElementById(id));
  partArrived(id);
}

let offlineTimer;

function lineChanged(online) {
  clearTimeout(offlineTimer);
  const bar = document.getElementById("connection");
  if (online) {
    if (!bar.hidden) toast(text("connected"));
    showBar(null);
    counts.reread();
    presence.announce();
    outbox.flush();
    return;
  }
  presence.forget();
  offlineTimer = setTimeout(() => bar.hidden && showBar("offline"), OFFLINE_AFTER_MS);
  if (!navigator.onLine) return;
  get(countsUrl).catch((error) => {
    const refused = error instanceof Refused && (error.status === 403 || error.status === 404);
    if (refused || error instanceof SignedOut) signedOut();
  });
}

function signedOut() {
  showBar("signed-out");
}

function showBar(reason) {
  const bar = document.getElementById("connection");
  bar.hidden = !reason;
  for (const words of bar.querySelectorAll("[data-when]")) words.toggleAttribute("data-on", words.dataset.when === reason);
}

document.body.addEventListener("htmx:afterSwap", (event) => {
  const { id } = event.detail.target;
  if (id === "list" || id === "conversation") partArrived(id);
  else if (id === "person") (person ??= import(document.body.dataset.person)).then((part) => part.arrived());
  else counts.readRows(), list.attach();
});
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const answered = new URL(event.detail.xhr.responseURL, location.href).pathname;
  const asked = new URL(event.detail.pathInfo.finalRequestPath, location.href).pathname;
  if (answered === asked) return;
  event.detail.shouldSwap = false; // a redirect to the log-in page does not belong into a pane
  signedOut();
});
for (const trouble of ["htmx:sendError", "htmx:responseError"]) {
  document.body.addEventListener(trouble, () => toast(text("failed")));
}
