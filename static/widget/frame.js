// The chat in the frame: takes the line to the shop's page, starts the visit, and ties the parts together.

import { Asking } from "./asking.js";
import { Bubbles } from "./bubbles.js";
import { begin, call, currentToken, Offline } from "./calls.js";
import { attachComposer } from "./composer.js";
import { newId } from "./ids.js";
import { Live } from "./live.js";
import { Outbox } from "./outbox.js";
import { paint } from "./paint.js";
import { handedOver } from "./port.js";
import { attachUploads } from "./uploads.js";

const words = document.body.dataset;
const $ = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));
const TYPING_EVERY = 3000;
const TYPING_LASTS = 8000;

const { greeting, port } = await handedOver((words.origins ?? "").split(" ").filter(Boolean));
const bubbles = new Bubbles($("bubbles"), $("bubble"), $("scroll"), words, linksOf);
let opened = Boolean(greeting.open);
let seen = 0;
let read = 0; // up to here the server has told us everything; our own message may be confirmed ahead of an earlier answer
let typedAt = 0;
let typingTimer = 0;
let noticeTimer = 0;

paint(words.color ?? "", words.ink ?? "");
paint(greeting.color, greeting.ink);
$("close").hidden = Boolean(greeting.alone);
// A person's token is not kept: the next one at this machine may be somebody else.
begin(greeting.token || "", (token, isPerson) => port.postMessage({ type: "token", token: isPerson ? "" : token }));

const asking = new Asking($("ask"), $("composer"), () => $("text").focus());

const live = new Live({
  token: currentToken,
  newest: () => read,
  rows: hear,
  typing: showTyping,
  state: connected,
  ready: () => outbox.hurry(),
  behind: catchUp,
});
const outbox = new Outbox({
  kept: (entries) => port.postMessage({ type: "outbox", outbox: entries }),
  confirmed: (clientId, row, byMail) => {
    connected(true);
    if (byMail) return bubbles.mark(clientId, "seen", (words.byMail ?? "").replace("{address}", byMail));
    asking.answers = undefined;
    row && !bubbles.byId.has(row.id) ? show([row]) : bubbles.mark(clientId, "seen"); // what the socket told is newer
    live.open();
  },
  refused: (clientId, code) => {
    bubbles.mark(clientId, "failed", code === "text_too_long" ? words.tooLong : words.failed);
    if (code.startsWith("form_")) asking.refused(code.slice(5));
  },
  waits: (clientId) => (bubbles.mark(clientId, "waiting"), connected(false)),
  lost: start,
  page: () => greeting.page ?? {},
});

attachComposer($("composer"), $("text"), {
  send: (text) => {
    const clientId = newId();
    bubbles.promise(clientId, text);
    outbox.add(clientId, text, asking.answers && { form: asking.answers });
  },
  typing: () => {
    if (Date.now() - typedAt < TYPING_EVERY) return;
    typedAt = Date.now();
    live.say({ type: "typing" });
  },
});
attachUploads($("file"), {
  begun: (name) => {
    const clientId = newId();
    bubbles.promise(clientId, name);
    return clientId;
  },
  progress: (clientId, percent) => bubbles.mark(clientId, "sending", `${words.sending} ${percent} %`),
  refused: (clientId, tooLarge) => bubbles.mark(clientId, "failed", tooLarge ? words.tooLarge : words.fileRefused),
  done: (clientId, id) => outbox.add(clientId, "", { files: [id], form: asking.answers }),
});
$("clip").addEventListener("click", () => $("file").click());
$("close").addEventListener("click", () => port.postMessage({ type: "close" }));
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing && event.keyCode !== 229) port.postMessage({ type: "close" });
});
addEventListener("online", () => outbox.hurry());
document.addEventListener("visibilitychange", noteSeen);
port.onmessage = ({ data }) => {
  opened = data.type === "opened";
  if (opened) {
    bubbles.toEnd();
    focus();
  }
  noteSeen();
};

for (const entry of outbox.restore(greeting.outbox)) bubbles.promise(entry.client_id, entry.text);
await start();
if (opened) focus();
outbox.flush();

/** Begin or renew the visit; waits until the server answers. */
async function start() {
  for (let wait = 500; ; wait = Math.min(wait * 2, 10_000)) {
    try {
      const { status, content } = await call("POST", "session", { site: words.site, identity: greeting.identity });
      if (status === 200) {
        seen = Math.max(seen, ...content.messages.filter(isAnswer).map(numberOf).slice(0, -content.unread || undefined));
        hear(content.messages);
        connected(true);
        asking.ask(content.asked, content.asks_consent);
        if (content.has_conversation) live.open();
        return;
      }
      if (content.code === "identity_needed") return closed();
    } catch (error) {
      if (!(error instanceof Offline)) throw error;
    }
    connected(false);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

/** Only people whom the shop vouches for may write. */
function closed() {
  $("composer").hidden = true;
  $("notice").textContent = words.identityNeeded;
  $("notice").hidden = false;
}

function focus() {
  $("ask").hidden ? $("text").focus() : asking.focus();
}

async function catchUp() {
  const { status, content } = await call("GET", `messages?after=${read}`).catch(() => ({ status: 0, content: {} }));
  if (status === 200) hear(content.messages);
}

/** The links of a message's files. @param {string} id */
async function linksOf(id) {
  const { status, content } = await call("GET", `files?message=${id}`).catch(() => ({ status: 0, content: {} }));
  return status === 200 ? content.files : {};
}

/** What the server tells in the order of numbers. @param {any[]} rows */
function hear(rows) {
  read = Math.max(read, ...rows.map(numberOf));
  show(rows);
}

/** @param {any[]} rows */
function show(rows) {
  for (const row of rows) bubbles.show(row);
  if (rows.some(isAnswer)) $("typing").hidden = true;
  noteSeen();
}

/** Tell the shop's page how much is unread, and the server what was seen on screen. */
function noteSeen() {
  const newest = bubbles.newestAnswer;
  if (opened && document.visibilityState === "visible" && newest > seen) {
    seen = newest;
    call("POST", "seen", { number: newest }).catch(() => {});
  }
  port.postMessage({ type: "unread", count: bubbles.answersAfter(seen) });
}

/** @param {boolean} now */
function showTyping(now) {
  const following = bubbles.atEnd();
  $("typing").hidden = !now;
  $("typing").setAttribute("aria-label", words.typing);
  if (following) bubbles.toEnd();
  clearTimeout(typingTimer);
  typingTimer = setTimeout(() => ($("typing").hidden = true), TYPING_LASTS);
}

/** A short break is not worth a notice. @param {boolean} up */
function connected(up) {
  if (up) {
    clearTimeout(noticeTimer);
    noticeTimer = 0;
    $("notice").hidden = true;
  } else noticeTimer ||= setTimeout(() => ($("notice").hidden = false), 1500);
}

/** @param {any} row */
function isAnswer(row) {
  return row.direction === "out";
}

/** @param {any} row */
function numberOf(row) {
  return row.number;
}
