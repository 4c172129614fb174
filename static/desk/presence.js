/** Who looks at a conversation and who writes in it. Not kept, may be lost. */

import { text } from "./texts.js";

const TYPING_EVERY_MS = 3_000;
const joiner = new Intl.ListFormat(document.documentElement.lang || "en", { type: "conjunction" });

export class Presence {
  /** @param {{tell: (frame: object) => void}} line @param {string} agentId
   * @param {(id: string, words: string) => void} onRow */
  constructor(line, agentId, onRow) {
    Object.assign(this, { line, agentId, onRow });
    /** @type {Map<string, any>} */
    this.frames = new Map();
    this.typedAt = 0;
    document.addEventListener("visibilitychange", () => this.announce());
  }

  /** Say which conversation this window shows. */
  announce() {
    const id = openId();
    this.line.tell({ type: "viewing", conversation_id: id ?? null, visible: !document.hidden });
    this.paint();
  }

  /** The agent writes. */
  typing() {
    const now = Date.now();
    const id = openId();
    if (!id || now - this.typedAt < TYPING_EVERY_MS) return;
    this.typedAt = now;
    this.line.tell({ type: "typing", conversation_id: id });
  }

  /** Somebody came, went, writes. @param {any} frame */
  heard(frame) {
    const agents = frame.agents.filter((agent) => agent.id !== this.agentId);
    if (!agents.length && !frame.customer_typing) this.frames.delete(frame.conversation_id);
    else this.frames.set(frame.conversation_id, { ...frame, agents });
    this.paint();
    this.onRow(frame.conversation_id, this.words(frame.conversation_id));
  }

  /** Forget everybody: the line is down. */
  forget() {
    for (const id of this.frames.keys()) this.onRow(id, "");
    this.frames.clear();
    this.paint();
  }

  /** What a row says about its visitors, "" for nobody. @param {string} id */
  words(id) {
    const agents = this.frames.get(id)?.agents ?? [];
    const strongest = ["typing", "viewing", "away"].find((state) => agents.some((agent) => agent.state === state));
    if (!strongest) return "";
    const names = agents.filter((agent) => agent.state === strongest).map((agent) => agent.name);
    return text(strongest, { names: joiner.format(names) });
  }

  /** Show it over the open thread. */
  paint() {
    const id = openId();
    if (!id) return;
    document.getElementById("presence").textContent = this.words(id);
    const typing = document.getElementById("customer-typing");
    typing.hidden = !this.frames.get(id)?.customer_typing;
  }
}

const openId = () => document.getElementById("conversation").dataset.id;
