// One customer's phone: shows what stands on it, waits for news, and does what the person does.

import { choicesOf, partsOf } from "./parts.js";

const words = document.body.dataset;
const can = new Set((words.can ?? "").split(" "));
const editable = new Set((words.editable ?? "").split(" "));
const $ = (id) => document.getElementById(id);
const clock = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
let version = -1;
let editing = "";
let composing = false;

async function act(wanted) {
  const answer = await fetch("act", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(wanted),
  });
  const content = await answer.json();
  $("wrong").hidden = answer.ok;
  $("wrong").textContent = answer.ok ? "" : content.error;
}

const NAMED = new Set(["sticker", "location", "image", "audio", "video", "file"]);

function wordsOf(bubble) {
  if (bubble.unsent) return words.unsent;
  if (bubble.text || bubble.files.length || !NAMED.has(bubble.kind)) return bubble.text;
  return `[${words[bubble.kind]}]`;
}

function paint(bubble) {
  const item = $("bubble").content.firstElementChild.cloneNode(true);
  item.className = [bubble.mine ? "mine" : "theirs", bubble.kind, bubble.unsent ? "gone" : ""].join(" ").trim();
  item.querySelector(".words").textContent = wordsOf(bubble);
  item.querySelector(".words").hidden = !wordsOf(bubble);
  const tap = (payload) => act({ do: "tap", id: bubble.id, payload });
  if (!bubble.unsent) item.querySelector(".parts").append(...partsOf(bubble, words, tap), ...choicesOf(bubble, tap));
  item.querySelector(".sender").textContent = bubble.sender;
  item.querySelector("time").textContent = clock.format(new Date(bubble.at));
  item.querySelector(".state").textContent = bubble.edited && !bubble.unsent ? words.edited : "";
  const offer = (name, label, allowed, run) => {
    const button = item.querySelector(name);
    button.textContent = label;
    button.hidden = !allowed;
    button.addEventListener("click", run);
  };
  const own = bubble.mine && !bubble.unsent && bubble.kind !== "tap";
  offer(".back", words.takeBack, own && can.has("unsend"), () => act({ do: "unsend", id: bubble.id }));
  offer(".change", words.change, own && editable.has(bubble.kind) && can.has("edit"), () => {
    editing = bubble.id;
    const place = bubble.kind === "comment" ? $("comment-text") : $("text");
    place.value = bubble.text;
    place.focus();
  });
  return item;
}

function show(customer) {
  version = customer.version;
  const comments = $("comments") ? customer.bubbles.filter((bubble) => bubble.kind === "comment") : [];
  $("bubbles").replaceChildren(...customer.bubbles.filter((bubble) => !comments.includes(bubble)).map(paint));
  if ($("comments")) showComments(comments);
  $("screen").scrollTop = $("screen").scrollHeight;
  $("follow").textContent = customer.follows ? $("follow").dataset.on : $("follow").dataset.off;
  $("follow").value = customer.follows ? "unfollow" : "follow";
  noteSeen(customer);
}

/** What stands below the post, the answers below what they answer. */
function showComments(comments) {
  $("comments").replaceChildren(...comments.map(paint));
  $("comment-count").textContent = comments.length || "";
}

function noteSeen(customer) {
  const unseen = customer.bubbles.some((bubble) => !bubble.mine && !bubble.seen);
  if (unseen && document.visibilityState === "visible") act({ do: "read" });
}

async function listen() {
  for (;;) {
    try {
      const answer = await fetch(`news?after=${version}`);
      if (answer.status === 404) return location.assign("/simulator/");
      if (!answer.ok) throw new Error(String(answer.status));
      const customer = await answer.json();
      if (customer.version !== version) show(customer);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

function taken() {
  const text = $("text").value.trim();
  $("text").value = "";
  return text;
}

function send() {
  say(taken(), "write");
}

function say(text, name) {
  if (!text) return;
  act(editing ? { do: "edit", id: editing, text } : { do: name, text });
  editing = "";
}

$("text").addEventListener("compositionstart", () => (composing = true));
$("text").addEventListener("compositionend", () => setTimeout(() => (composing = false)));
$("text").addEventListener("keydown", (event) => {
  if (event.isComposing || composing || event.keyCode === 229) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    send();
  }
});
$("comment-form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  say($("comment-text").value.trim(), "comment");
  $("comment-text").value = "";
});
$("write").addEventListener("submit", (event) => (event.preventDefault(), send()));
$("text").disabled = false; // until here nobody would have sent what stands in it
for (const button of document.querySelectorAll("[data-do]")) {
  button.hidden = !can.has(button.dataset.do);
  button.addEventListener("click", () => {
    act({ do: button.dataset.do, ...("text" in button.dataset ? { text: taken() } : {}) });
    button.closest("details")?.removeAttribute("open");
  });
}
const more = document.querySelector(".more");
more.hidden = !more.querySelector("button:not([hidden])");
$("follow").addEventListener("click", () => act({ do: $("follow").value }));
document.addEventListener("visibilitychange", () => (version = -1));
listen();
