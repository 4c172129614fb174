/** Answers on their way, on the screen: bubbles for what is kept, and the question when the conversation has moved. */

import { blank, field } from "./blanks.js";
import { text } from "./texts.js";

export class Unsent {
  /** @param {import("./outbox.js").Outbox} outbox @param {import("./thread.js").Thread} thread
   * @param {import("./composer.js").Composer} composer */
  constructor(outbox, thread, composer) {
    Object.assign(this, { outbox, thread, composer });
    this.attach();
  }

  /** Show what is still on its way in the conversation that has just been opened. */
  attach() {
    if (!this.thread.id) return;
    this.outbox.of(this.thread.id).forEach((entry) => this.changed(entry));
    document.getElementById("guard")?.addEventListener("click", (event) => this.#answer(event.target.dataset.guard));
    this.thread.messages.addEventListener("click", (event) => this.#act(event.target));
  }

  /** An answer's state changed. @param {import("./outbox.js").Entry} entry */
  changed(entry) {
    if (entry.conversation_id !== this.thread.id) return;
    this.thread.upsert({
      client_id: entry.client_id,
      direction: "out",
      kind: "text",
      text: entry.text,
      ...entry.mail,
      attachments: (entry.files ?? []).map((file) => ({ ...file, kind: "file", state: "none", url: "" })),
      author_kind: "agent",
      agent_name: "",
      status: entry.state,
      sent_at: entry.at,
      number: null,
    });
    (entry.newer ?? []).forEach((message) => this.thread.upsert(message));
    this.#showTrouble(entry);
    this.#showGuard();
  }

  /** The server has it: the same bubble takes its place in the thread, and what the platform takes only in
   * further messages follows.
   * @param {import("./outbox.js").Entry} entry @param {any[]} messages */
  sent(entry, messages) {
    if (entry.conversation_id !== this.thread.id) return;
    this.#clearTrouble(entry.client_id);
    messages.forEach((message) => this.thread.upsert(message));
    this.#showGuard();
  }

  #held() {
    return this.outbox.of(this.thread.id).find((entry) => entry.state === "held");
  }

  #showGuard() {
    const guard = document.getElementById("guard");
    if (!guard) return;
    const entry = this.#held();
    guard.hidden = !entry;
    if (!entry) return;
    const moved = entry.code === "conversation_moved";
    field(guard, "guard").textContent = moved ? text("moved", { n: entry.newer?.length ?? 0 }) : (entry.title ?? "");
  }

  #answer(choice) {
    const entry = this.#held();
    if (!entry || !choice) return;
    if (choice === "send") {
      const outside = entry.code === "human_only" || entry.outside_window;
      this.outbox.again(entry.client_id, { seen_number: this.thread.newest, outside_window: outside });
    } else this.#edit(entry.client_id);
    this.#showGuard();
  }

  #act(button) {
    const act = button.dataset.outboxAct;
    if (!act) return;
    const clientId = button.closest(".message").dataset.client;
    if (act === "again") this.outbox.again(clientId, { seen_number: this.thread.newest });
    else if (act === "edit") this.#edit(clientId);
    else this.#drop(clientId);
  }

  #edit(clientId) {
    const entry = this.#drop(clientId);
    if (entry && !entry.template) this.composer.takeBack(entry.text, entry.files, entry.comment, entry.mail);
  }

  #drop(clientId) {
    this.thread.remove(clientId);
    const entry = this.outbox.take(clientId);
    this.outbox.flush();
    return entry;
  }

  #showTrouble(entry) {
    this.#clearTrouble(entry.client_id);
    if (entry.state !== "refused") return;
    const trouble = blank("blank-trouble");
    trouble.dataset.outbox = "";
    field(trouble, "reason").textContent = entry.title || text("failed");
    this.thread.bubbleOf(entry.client_id)?.append(trouble);
  }

  #clearTrouble(clientId) {
    this.thread.bubbleOf(clientId)?.querySelector("[data-outbox]")?.remove();
  }
}
