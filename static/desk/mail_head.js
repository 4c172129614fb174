/** The head of the next mail: Cc begins with everybody whom the customer's last mail went to, Bcc with nobody. */

import { field } from "./blanks.js";
import { keep, read } from "./store.js";

const ADDRESS = /^[^\s@<>()[\],;:\\"]{1,64}@[^\s@<>()[\],;:\\"]+\.[^\s@<>()[\],;:\\"]+$/;
const NAMED = /(?:"[^"]*"|[^,;<>]*)<([^<>]*)>/g;

/** subject: "" for the thread's own. @typedef {{subject: string, cc: string[], bcc: string[]}} Head */

export class MailHead {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
  }

  /** Take hold of the composer as the server has just printed it. Elsewhere than in mails there is no head.
   * @param {string} id of the conversation */
  attach(id) {
    this.place = document.getElementById("mail-head");
    if (!this.place) return;
    this.key = `mail:${id}`;
    this.place.addEventListener("click", ({ target }) => this.#open(target.closest("[data-open-line]")?.dataset.openLine));
    this.place.addEventListener("input", () => this.#typed());
    this.place.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
    this.usual = this.#input("subject").value;
    this.#put(read(this.key));
  }

  /** What is sent along with an answer. */
  get wish() {
    return this.place ? { mail: this.#head() } : {};
  }

  /** Whether something stands in a line that cannot be sent; which is said. */
  get isWrong() {
    if (!this.place) return false;
    const all = [...addresses(this.#input("cc").value), ...addresses(this.#input("bcc").value)];
    const bad = all.find((each) => !ADDRESS.test(each));
    const trouble = bad ? "address" : all.length > Number(this.place.dataset.most) ? "many" : "";
    const note = this.place.querySelector("#mail-trouble");
    note.hidden = !trouble;
    for (const words of note.children) words.hidden = words.dataset.trouble !== trouble;
    field(note, "bad-address").textContent = bad ?? "";
    return Boolean(trouble);
  }

  /** Begin with this head; null: as an answer to everybody begins. @param {Head | null} mail */
  take(mail) {
    if (!this.place) return;
    keep(this.key, mail);
    this.#put(mail);
  }

  /** The thread went on: as long as nobody has changed the head, it follows the customer's newest mail. */
  show() {
    if (!this.place || this.isChanged) return;
    const cc = this.#everybody();
    this.#input("cc").value = cc.join(", ");
    if (cc.length) this.#show("cc", true); // what somebody has opened stays open
  }

  #put(mail) {
    this.isChanged = Boolean(mail);
    const head = mail ?? { subject: "", cc: this.#everybody(), bcc: [] };
    this.#input("cc").value = head.cc.join(", ");
    this.#input("bcc").value = head.bcc.join(", ");
    this.#input("subject").value = head.subject || this.usual;
    for (const name of ["cc", "bcc"]) this.#show(name, head[name].length > 0);
    this.#show("subject", !this.usual || Boolean(head.subject));
    this.changed();
  }

  /** Whom the customer's last mail went to, without ourselves and the customer. */
  #everybody() {
    const { own, to, most, number } = this.place.dataset;
    const mails = [...document.querySelectorAll("#messages .message.is-in[data-everybody]")].map((bubble) => bubble.dataset);
    const last = mails.filter((mail) => mail.everybody.trim() && Number(mail.number) > Number(number)).at(-1) ?? this.place.dataset;
    const ours = new Set([...own.split(" "), to]);
    const all = last.everybody.split(" ").filter((each) => ADDRESS.test(each));
    return [...new Set(all)].filter((each) => !ours.has(each) && !ours.has(each.replace(/\+[^@]*@/, "@"))).slice(0, Number(most));
  }

  #typed() {
    this.isChanged = true;
    keep(this.key, this.#head());
    this.changed();
  }

  /** @returns {Head} */
  #head() {
    const subject = this.#input("subject").value.trim();
    const [cc, bcc] = ["cc", "bcc"].map((name) => [...new Set(addresses(this.#input(name).value))]);
    return { subject: subject === this.usual ? "" : subject, cc, bcc };
  }

  #open(name) {
    if (!name) return;
    this.#show(name, true);
    this.#input(name).focus();
  }

  /** An open line needs no button. */
  #show(name, isOpen) {
    this.place.querySelector(`[data-line="${name}"]`).hidden = !isOpen;
    const button = this.place.querySelector(`[data-open-line="${name}"]`);
    if (!button) return;
    button.hidden = isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
  }

  #input(name) {
    return this.place.querySelector(`#mail-${name}`);
  }
}

/** What stands between commas, semicolons and spaces; of "Name <address>" the address. @param {string} line */
function addresses(line) {
  return line.replace(NAMED, " $1 ").split(/[,;\s]+/).filter(Boolean).map((each) => each.toLowerCase());
}
