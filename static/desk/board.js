/** The supervisor's board: fetched again when something happened, at most every two seconds. */

import "./house.js";
import { fragment } from "./api.js";
import { Live } from "./socket.js";
import { tick, writeAll } from "./times.js";

const PAUSE_MS = 2_000;
const CLOCK_MS = 15_000;
const { sequence } = document.body.dataset;

let readAt = Date.now();
let timer;

writeAll(document);
setInterval(tick, CLOCK_MS);
new Live(Number(sequence), { event: refresh, resync: async () => refresh(), presence: () => {}, state: lineChanged });

function refresh() {
  if (timer) return;
  timer = setTimeout(read, Math.max(0, readAt + PAUSE_MS - Date.now()));
}

async function read() {
  readAt = Date.now();
  const html = await fragment(location.href).catch(() => null);
  timer = undefined;
  if (html === null) return;
  document.getElementById("board").outerHTML = html;
  writeAll(document.getElementById("board"));
}

function lineChanged(online) {
  document.getElementById("connection").hidden = online;
  if (online) refresh();
}
