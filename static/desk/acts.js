/** The buttons over a thread and inside it: one POST each; the answer and the event that follows paint the result. */

import { post, Refused, SignedOut } from "./api.js";
import { text, toast } from "./texts.js";

export class Acts {
  /** @param {{answered: (answer: any) => void, signedOut: () => void}} on */
  constructor(on) {
    this.on = on;
    document.addEventListener("click", (event) => this.#clicked(event.target.closest("[data-act], [data-message-act]")));
  }

  /** Do what a button with a key stands for, when it is on the page. @param {string} key @returns {Promise<boolean>} */
  async press(key) {
    const button = document.querySelector(`#conversation [data-act][data-key="${key}"]`);
    if (!button || getComputedStyle(button).display === "none") return false;
    return this.#do(button.dataset.act, JSON.parse(button.dataset.body ?? "{}"));
  }

  async #clicked(button) {
    if (!button) return;
    const menu = button.closest("details.menu");
    if (menu) menu.open = false;
    if (button.dataset.act) {
      await this.#do(button.dataset.act, JSON.parse(button.dataset.body ?? "{}"));
      return;
    }
    const { id } = button.closest(".message").dataset;
    button.disabled = true;
    const outsideWindow = document.getElementById("composer")?.dataset.window === "human_only";
    await this.#do(`/desk/messages/${id}/${button.dataset.messageAct}/`, { outside_window: outsideWindow });
    button.disabled = false;
  }

  async #do(url, body) {
    try {
      const answer = await post(url, body);
      this.on.answered(answer);
      return true;
    } catch (error) {
      if (error instanceof SignedOut) this.on.signedOut();
      else toast(error instanceof Refused && error.message ? [error.message, error.body.reason].filter(Boolean).join(" ") : text("failed"));
      return false;
    }
  }
}
