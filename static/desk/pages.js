/** Pages of a long thread: older messages on top and, where it was opened far back, newer ones below. */

import { fragment } from "./api.js";
import { separateDays, writeAll } from "./times.js";

export class Pages {
  /** @param {HTMLElement} section @param {HTMLElement} messages @param {HTMLElement} scroller
   * @param {() => void} reached the newest message is on the screen; what came meanwhile is not */
  constructor(section, messages, scroller, reached) {
    this.reached = reached;
    this.section = section;
    this.messages = messages;
    this.scroller = scroller;
    messages.addEventListener("click", (event) => {
      if (event.target.closest("[data-before]")) this.older();
      if (event.target.closest("[data-after]")) this.newer();
    });
  }

  /** Whether newer messages than those on the screen are not on it. */
  get isFarBack() {
    return Boolean(this.messages.querySelector("[data-after]"));
  }

  /** Put the page before the first message on top; what is on the screen stays where it is. */
  async older() {
    const button = this.messages.querySelector("[data-before]");
    const html = await this.#page(button, `${this.section.dataset.olderUrl}?before=`, button?.dataset.before);
    if (html === null) return;
    const fromEnd = this.scroller.scrollHeight - this.scroller.scrollTop;
    this.#put(button, html, "afterbegin");
    this.scroller.scrollTop = this.scroller.scrollHeight - fromEnd;
  }

  /** Put the page behind the last message below it. */
  async newer() {
    const button = this.messages.querySelector("[data-after]");
    const html = await this.#page(button, `${this.section.dataset.newerUrl}?after=`, button?.dataset.after);
    if (html === null) return;
    const { scrollTop } = this.scroller;
    this.#put(button, html, "beforeend");
    this.scroller.scrollTop = scrollTop;
    if (!this.isFarBack) this.reached();
  }

  async #page(button, url, cursor) {
    if (!button || button.disabled) return null;
    button.disabled = true;
    try {
      const html = await fragment(url + encodeURIComponent(cursor));
      return button.isConnected ? html : null;
    } catch {
      button.disabled = false;
      return null;
    }
  }

  #put(button, html, place) {
    button.closest("li").remove();
    this.messages.insertAdjacentHTML(place, html);
    writeAll(this.messages);
    separateDays(this.messages);
  }
}
