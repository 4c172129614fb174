// One customer's phone: shows what stands on it, waits for news, and does what the person does.

const words = document.body.dataset;
const can = new Set((words.can ?? "").split(" "));
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

function wordsOf(bubble) {
  if (bubble.unsent) return words.unsent;
  return { sticker: `[${words.sticker}]`, image: `[${words.image}]` }[bubble.kind] ?? bubble.text;
}

function paint(bubble) {
  const item = $("bubble").content.firstElementChild.cloneNode(true);
  item.className = [bubble.mine ? "mine" : "theirs", bubble.kind, bubble.unsent ? "gone" : ""].join(" ").trim();
  item.querySelector(".words").textContent = wordsOf(bubble);
  item.querySelector("time").textContent = clock.format(new Date(bubble.at));
  item.querySelector(".state").textContent = bubble.edited && !bubble.unsent ? words.edited : "";
  const offer = (name, label, allowed, run) => {
    const button = item.querySelector(name);
    button.textContent = label;
    button.hidden = !allowed;
    button.addEventListener("click", run);
  };
  const own = bubble.mine && !bubble.unsent;
  offer(".back", words.takeBack, own && can.has("unsend"), () => act({ do: "unsend", id: bubble.id }));
  offer(".change", words.change, own && bubble.kind === "text" && can.has("edit"), () => {
    editing = bubble.id;
    $("text").value = bubble.text;
    $("text").focus();
  });
  return item;
}

function show(customer) {
  version = customer.version;
  $("bubbles").replaceChildren(...customer.bubbles.map(paint));
  $("screen").scrollTop = $("screen").scrollHeight;
  $("follow").textContent = customer.follows ? $("follow").dataset.on : $("follow").dataset.off;
  $("follow").value = customer.follows ? "unfollow" : "follow";
  noteSeen(customer);
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

function send() {
  const text = $("text").value.trim();
  if (!text) return;
  act(editing ? { do: "edit", id: editing, text } : { do: "write", text });
  editing = "";
  $("text").value = "";
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
$("write").addEventListener("submit", (event) => (event.preventDefault(), send()));
$("sticker").addEventListener("click", () => act({ do: "sticker" }));
$("image").addEventListener("click", () => act({ do: "image" }));
$("follow").addEventListener("click", () => act({ do: $("follow").value }));
document.addEventListener("visibilitychange", () => (version = -1));
listen();
