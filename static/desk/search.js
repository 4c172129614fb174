/** The search page: finds while one types, never while an input method is at work; arrows go through what was found. */

import "./house.js";
import { fragment } from "./api.js";
import { isComposing, watchComposition } from "./ime.js";
import { text, toast } from "./texts.js";
import { writeAll } from "./times.js";

const PAUSE_MS = 250;

const form = document.getElementById("search-form");
const box = document.getElementById("search-box");
const found = document.getElementById("found");
let timer;
let asked = 0;

watchComposition(document);
writeAll(found);
box.setSelectionRange(box.value.length, box.value.length);

box.addEventListener("input", (event) => !event.isComposing && later());
box.addEventListener("compositionend", later);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  find();
});
found.addEventListener("click", (event) => {
  const more = event.target.closest("[data-more]");
  if (!more || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  append(more);
});
document.addEventListener("keydown", (event) => {
  if (isComposing(event) || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") return move(event, event.key === "ArrowDown" ? 1 : -1);
  if (event.target === box) return;
  if (event.key === "Escape" || event.key === "/") {
    event.preventDefault();
    box.focus();
    box.select();
  }
});

function later() {
  clearTimeout(timer);
  timer = setTimeout(find, PAUSE_MS);
}

/** Ask for what stands in the box; of several answers under way the last one counts. */
async function find() {
  const turn = ++asked;
  const url = `${form.dataset.url}?${new URLSearchParams(new FormData(form))}`;
  found.setAttribute("aria-busy", "true");
  try {
    const html = await fragment(url);
    if (turn !== asked) return;
    found.innerHTML = html;
    writeAll(found);
    history.replaceState(null, "", url);
  } catch {
    if (turn === asked) toast(text("failed"));
  } finally {
    if (turn === asked) found.removeAttribute("aria-busy");
  }
}

/** Put the next page below. @param {HTMLAnchorElement} more */
async function append(more) {
  const line = more.closest("li");
  try {
    const html = await fragment(more.href);
    if (!line.isConnected) return;
    const last = line.previousElementSibling;
    line.insertAdjacentHTML("beforebegin", html);
    line.remove();
    writeAll(found);
    last?.nextElementSibling?.querySelector(".hit-link")?.focus();
  } catch {
    toast(text("failed"));
  }
}

/** Focus the next or previous hit; above the first one lies the box. */
function move(event, step) {
  const links = [...found.querySelectorAll(".hit-link")];
  const here = links.indexOf(document.activeElement);
  if (!links.length || (here < 0 && document.activeElement !== box) || (here < 0 && step < 0)) return;
  event.preventDefault();
  (here + step < 0 ? box : links[Math.min(links.length - 1, here + step)]).focus();
}
