/** Keys of the desk: single letters outside of fields, never with Alt, never while an input method is at work. */

import { isComposing } from "./ime.js";

const SECOND_KEY_MS = 1_500;
const SWITCH = "kontor:keys-off";
const VIEWS = { m: "mine", u: "unassigned", a: "all", w: "waiting" };

export class Keys {
  /** @param {{reply: () => void, press: (key: string) => Promise<boolean>}} on */
  constructor(on) {
    this.on = on;
    this.help = document.getElementById("help");
    const box = document.getElementById("keys-on");
    box.checked = !isOff();
    box.addEventListener("change", () => setOff(!box.checked));
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  #key(event) {
    if (isComposing(event) || event.altKey || event.ctrlKey || event.metaKey || event.repeat) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
    if (isOff() && event.key !== "?") return;
    if (this.#act(event)) event.preventDefault();
  }

  #act(event) {
    if (this.goUntil > Date.now() && VIEWS[event.key]) {
      this.goUntil = 0;
      return this.#tab(VIEWS[event.key]);
    }
    const page = this.goUntil > Date.now() && document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
    if (page) {
      this.goUntil = 0;
      page.click();
      return true;
    }
    const act = {
      j: () => this.#move(1),
      k: () => this.#move(-1),
      o: () => this.#openFocused(),
      r: () => this.on.reply(),
      i: () => this.on.press("i"),
      e: () => this.on.press("e"),
      E: () => this.#resolveAndNext(),
      a: () => openMenu("assign"),
      s: () => openMenu("snooze"),
      g: () => (this.goUntil = Date.now() + SECOND_KEY_MS),
      "[": () => this.#nextTab(-1),
      "]": () => this.#nextTab(1),
      "/": () => document.getElementById("search-box").focus(),
      "?": () => this.help.showModal(),
    }[event.key];
    if (!act) return false;
    act();
    return true;
  }

  #links() {
    return [...document.querySelectorAll("#rows .row-link")];
  }

  #here(links) {
    const focused = links.indexOf(document.activeElement);
    return focused >= 0 ? focused : links.findIndex((link) => link.getAttribute("aria-current"));
  }

  #move(step) {
    const links = this.#links();
    const link = links[Math.min(links.length - 1, Math.max(0, this.#here(links) + step))];
    link?.focus();
    link?.scrollIntoView({ block: "nearest" });
  }

  #openFocused() {
    const links = this.#links();
    if (links.includes(document.activeElement)) document.activeElement.click();
  }

  async #resolveAndNext() {
    const links = this.#links();
    const next = links[this.#here(links) + 1];
    if (await this.on.press("e")) next?.click();
  }

  #tab(view) {
    document.querySelector(`[data-tab="${view}"]`).click();
    return true;
  }

  #nextTab(step) {
    const tabs = [...document.querySelectorAll("[data-tab]")];
    const here = tabs.findIndex((tab) => tab.getAttribute("aria-current"));
    tabs[(here + step + tabs.length) % tabs.length].click();
  }
}

function openMenu(name) {
  const menu = document.querySelector(`[data-menu="${name}"]`);
  if (!menu || getComputedStyle(menu).display === "none") return;
  menu.open = true;
  menu.querySelector(".menu-item").focus();
}

function isOff() {
  try {
    return localStorage.getItem(SWITCH) === "1";
  } catch {
    return false;
  }
}

function setOff(off) {
  try {
    if (off) localStorage.setItem(SWITCH, "1");
    else localStorage.removeItem(SWITCH);
  } catch {
    // without storage the switch holds for this page only
  }
}
