/** Templates: chosen, filled and looked at in a dialog; sent also when the reply window is closed. */

import { fragment, SignedOut } from "./api.js";
import { text, toast } from "./texts.js";

export class Templates {
  /** @param {{send: (text: string, template: {id: string, values: Record<string, string>}) => void, files: () => number,
   *   signedOut: () => void}} on */
  constructor(on) {
    this.on = on;
  }

  /** Take hold of the composer as the server has just printed it. @param {HTMLFormElement} form */
  attach(form) {
    this.dialog = document.getElementById("templates");
    for (const button of form.querySelectorAll("[data-templates]")) {
      button.addEventListener("click", () => this.#open(button.dataset.templates));
    }
  }

  async #open(url) {
    try {
      this.dialog.innerHTML = await fragment(url);
    } catch (error) {
      if (error instanceof SignedOut) this.on.signedOut();
      else toast(text("failed"));
      return;
    }
    const form = this.dialog.querySelector("form");
    form.querySelector("select")?.addEventListener("change", () => this.#choose());
    form.addEventListener("input", () => this.#fill());
    form.addEventListener("submit", (event) => this.#submit(event));
    form.querySelector("[data-close]").addEventListener("click", () => this.dialog.close());
    this.#choose();
    this.dialog.showModal();
  }

  get #chosen() {
    const id = this.dialog.querySelector("select")?.value;
    return id ? this.dialog.querySelector(`[data-template="${CSS.escape(id)}"]`) : null;
  }

  #choose() {
    for (const part of this.dialog.querySelectorAll("[data-template]")) {
      part.hidden = part !== this.#chosen;
      part.disabled = part.hidden;
    }
    const needs = this.#chosen?.dataset.file ? 1 : 0;
    const misses = Boolean(this.#chosen) && this.on.files() !== needs;
    this.dialog.querySelector("[data-misfit]").hidden = !misses;
    this.dialog.querySelector('[type="submit"]').disabled = misses || !this.#chosen;
    this.#fill();
  }

  #fill() {
    for (const input of this.#chosen?.querySelectorAll("[data-gap]") ?? []) {
      for (const place of this.#chosen.querySelectorAll(`[data-filled="${CSS.escape(input.dataset.gap)}"]`)) {
        place.textContent = input.value.trim() || place.dataset.open;
        place.classList.toggle("is-open", !input.value.trim());
      }
    }
  }

  #submit(event) {
    event.preventDefault();
    const part = this.#chosen;
    if (!part) return;
    const values = Object.fromEntries([...part.querySelectorAll("[data-gap]")].map((input) => [input.dataset.gap, input.value]));
    const words = [...part.querySelectorAll("[data-preview] p")].map((paragraph) => paragraph.textContent).join("\n\n");
    this.dialog.close();
    this.on.send(words, { id: part.dataset.template, values });
  }
}
