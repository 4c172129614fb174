// The form before the first message. What it holds goes along with the messages until the first one has arrived.

export class Asking {
  /**
   * @param {HTMLFormElement} form
   * @param {HTMLElement} composer hidden while the form stands
   * @param {() => void} done
   */
  constructor(form, composer, done) {
    this.form = form;
    this.composer = composer;
    this.done = done;
    /** @type {Record<string, string | boolean> | undefined} */
    this.answers = undefined;
    this.button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
    form.addEventListener("submit", (event) => (event.preventDefault(), this.submit()));
  }

  /** Ask what the server wants to know; nothing: the composer stands at once.
   * @param {{name: string, required: boolean}[]} asked @param {boolean} consent */
  ask(asked, consent) {
    if (this.answers) return;
    const wanted = new Map(asked.map(({ name, required }) => [name, required]));
    if (consent) wanted.set("consent", true);
    for (const field of this.fields) {
      const name = field.dataset.field ?? "";
      field.hidden = !wanted.has(name);
      const input = /** @type {HTMLInputElement} */ (field.querySelector("input"));
      input.required = Boolean(wanted.get(name));
      input.disabled = field.hidden;
    }
    this.show(wanted.size > 0);
  }

  /** The server did not take what was filled in. @param {string} name */
  refused(name) {
    this.answers = undefined;
    this.show(true);
    for (const field of this.fields) if (field.dataset.field === name) this.complain(field);
  }

  /** @returns {HTMLElement[]} */
  get fields() {
    return [.../** @type {NodeListOf<HTMLElement>} */ (this.form.querySelectorAll("[data-field]"))];
  }

  /** @param {boolean} now */
  show(now) {
    this.form.hidden = !now;
    this.composer.hidden = now;
  }

  focus() {
    /** @type {HTMLElement | null} */ (this.form.querySelector("input:not(:disabled)"))?.focus();
  }

  submit() {
    const shown = this.fields.filter((field) => !field.hidden);
    for (const field of shown) this.settle(field);
    const bad = shown.find((field) => !this.inputOf(field).checkValidity());
    if (bad) return this.complain(bad);
    this.answers = Object.fromEntries(
      shown.map((field) => {
        const input = this.inputOf(field);
        return [field.dataset.field, input.type === "checkbox" ? input.checked : input.value.trim()];
      }),
    );
    this.show(false);
    this.done();
  }

  /** @param {HTMLElement} field */
  complain(field) {
    const input = this.inputOf(field);
    const { missing, bad, untick } = this.button.dataset;
    const word = input.type === "checkbox" ? untick : input.value.trim() ? bad : missing;
    /** @type {HTMLElement} */ (field.querySelector(".ask-error")).textContent = word ?? "";
    input.setAttribute("aria-invalid", "true");
    input.focus();
  }

  /** @param {HTMLElement} field */
  settle(field) {
    /** @type {HTMLElement} */ (field.querySelector(".ask-error")).textContent = "";
    this.inputOf(field).removeAttribute("aria-invalid");
  }

  /** @param {HTMLElement} field */
  inputOf(field) {
    return /** @type {HTMLInputElement} */ (field.querySelector("input"));
  }
}
