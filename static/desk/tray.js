/** Files beside an answer: chosen, dropped or pasted; checked before they leave, uploaded while one still writes. */

import { fileSize } from "./attachments.js";
import { Refused, SignedOut, upload } from "./api.js";
import { blank, field } from "./blanks.js";
import { text } from "./texts.js";

const MOST_FILES = 10;

/** @typedef {{id?: string, name: string, mime: string, size: number, state: string, reason: string, stop?: () => void,
 *   element: HTMLElement}} Item */

export class Tray {
  /** @param {{changed: () => void, signedOut: () => void}} on */
  constructor(on) {
    this.on = on;
    /** @type {Map<string, Item[]>} by conversation: what was added stays until it is sent or taken out */
    this.kept = new Map();
  }

  /** Take hold of the composer as the server has just printed it. @param {HTMLFormElement} form @param {string} id */
  attach(form, id) {
    this.form = form;
    this.id = id;
    this.list = document.getElementById("tray");
    if (!this.list) return;
    this.limits = JSON.parse(form.dataset.files);
    const chooser = document.getElementById("reply-files");
    form.querySelector("[data-choose-files]").addEventListener("click", () => chooser.click());
    chooser.addEventListener("change", () => (this.add(chooser.files), (chooser.value = "")));
    document.getElementById("reply-text").addEventListener("paste", (event) => this.#pasted(event));
    const pane = form.closest(".thread-pane");
    for (const name of ["dragenter", "dragover"]) pane.addEventListener(name, (event) => this.#over(event, pane));
    pane.addEventListener("dragleave", (event) => pane.contains(event.relatedTarget) || pane.classList.remove("is-dropping"));
    pane.addEventListener("drop", (event) => this.#dropped(event, pane));
    this.#paint();
  }

  /** @returns {Item[]} */
  get items() {
    return this.kept.get(this.id) ?? [];
  }

  /** Whether something is still on its way to the server. */
  get isBusy() {
    return this.items.some((item) => item.state === "uploading");
  }

  /** The files that may be sent, as the server named them. */
  get ready() {
    const done = this.items.filter((item) => item.state === "ready");
    return done.map(({ id, name, mime, size }) => ({ id, name, mime, size }));
  }

  /** Forget what has been sent. */
  clear() {
    this.kept.delete(this.id);
    this.#paint();
  }

  /** Let the files go along to another conversation of the same customer. @param {string} id */
  carry(id) {
    this.kept.set(id, [...(this.kept.get(id) ?? []), ...this.items]);
    this.clear();
  }

  /** Put files back that were uploaded before. @param {any[]} files */
  takeBack(files) {
    files.forEach((file) => this.#put({ ...file, state: "ready", reason: "", element: blank("blank-tray") }));
  }

  /** @param {Iterable<File>} files */
  add(files) {
    if (!this.list) return;
    for (const file of files) {
      const { name, type, size } = file;
      const reason = this.items.length < MOST_FILES ? this.#reason(type, size) : text("upload-many");
      const item = { name, mime: type, size, state: reason ? "refused" : "uploading", reason, element: blank("blank-tray") };
      this.#put(item);
      if (!reason) this.#upload(item, file);
    }
  }

  /** Why a file cannot be sent here, as far as its name and size tell; "" when it can. */
  #reason(type, size) {
    const family = type.split("/")[0];
    let most = 0;
    let reason = text("upload-kind");
    for (const kind of new Set([["image", "video", "audio"].includes(family) ? family : "file", "file"])) {
      const limit = this.limits[kind];
      const isTaken = limit && (!limit.mimes.length || !type || limit.mimes.includes(type));
      if (isTaken && size <= limit.bytes) return "";
      if (isTaken) most = Math.max(most, limit.bytes);
      else if (limit) reason = text("upload-type");
    }
    return most ? text("upload-large", { limit: fileSize(most) }) : reason;
  }

  async #upload(item, file) {
    const query = new URLSearchParams({ conversation: this.id, name: file.name });
    const job = upload(`${this.list.dataset.url}?${query}`, file, (share) => this.#progress(item, share));
    item.stop = job.stop;
    try {
      const { file: stored } = await job.answer;
      Object.assign(item, stored, { state: "ready" });
    } catch (error) {
      if (error instanceof SignedOut) this.on.signedOut();
      const { limit } = error.body ?? {};
      const large = limit ? text("upload-large", { limit: fileSize(limit) }) : "";
      Object.assign(item, { state: "refused", reason: large || (error instanceof Refused && error.message) || text("upload-failed") });
    }
    this.#paint();
  }

  #progress(item, share) {
    item.element.querySelector("progress").value = share;
  }

  #put(item) {
    item.element.querySelector("button").addEventListener("click", () => this.#remove(item));
    this.kept.set(this.id, [...this.items, item]);
    this.#paint();
  }

  #remove(item) {
    item.stop?.();
    for (const [id, items] of this.kept) this.kept.set(id, items.filter((other) => other !== item));
    this.#paint();
  }

  #paint() {
    if (!this.list) return;
    this.list.hidden = !this.items.length;
    this.list.replaceChildren(...this.items.map((item) => item.element));
    for (const item of this.items) {
      item.element.dataset.state = item.state;
      field(item.element, "name").textContent = item.name;
      field(item.element, "size").textContent = fileSize(item.size);
      field(item.element, "reason").textContent = item.reason;
      item.element.querySelector("progress").hidden = item.state !== "uploading";
    }
    this.on.changed();
  }

  #pasted(event) {
    const files = event.clipboardData?.files ?? [];
    if (!files.length || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    this.add(files);
  }

  #over(event, pane) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    pane.classList.add("is-dropping");
  }

  #dropped(event, pane) {
    pane.classList.remove("is-dropping");
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    this.add(event.dataTransfer.files);
  }
}
