/** A person's page: the timeline grows by itself. */

import "./house.js";
import { fragment } from "./api.js";
import { arrived, heard } from "./person.js";
import { Live } from "./socket.js";
import { tick, writeAll } from "./times.js";

const CLOCK_MS = 15_000;
const PAUSE_MS = 300;
const FULL = 40; // entries of a whole part
const timeline = document.getElementById("timeline");
const contact = document.getElementById("person").dataset.contact;
let timer;
let reading = false;
let again = false;

writeAll(document);
setInterval(tick, CLOCK_MS);
new Live(Number(document.body.dataset.sequence), { event: happened, resync: grow, presence: () => {}, state: lineChanged });

function happened(event) {
  heard(event);
  if (event.contact_id !== contact) return;
  clearTimeout(timer);
  timer = setTimeout(grow, PAUSE_MS);
}

/** Put what is newer than the newest entry on top; the whole first part where there is none yet. */
async function grow() {
  if (reading) return (again = true);
  reading = true;
  const newest = timeline.querySelector("[data-cursor]")?.dataset.cursor;
  const wish = new URLSearchParams(new FormData(document.getElementById("kinds")));
  if (newest) wish.set("after", newest);
  const html = await fragment(`${timeline.dataset.url}?${wish}`).catch(() => null);
  reading = false;
  if (html?.trim()) {
    timeline.insertAdjacentHTML("afterbegin", html);
    window.htmx.process(timeline);
    writeAll(timeline);
    again ||= (html.match(/data-cursor=/g)?.length ?? 0) >= FULL; // there may be more
  }
  if (again) {
    again = false;
    grow();
  }
}

function lineChanged(online) {
  document.getElementById("connection").hidden = online;
}

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "person") arrived();
  else writeAll(timeline);
});
