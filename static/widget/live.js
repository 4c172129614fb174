// The visitor's socket: says who we are and what we have, then hears what is new. It is only a hint channel:
// whatever it misses is read again by number.

const PING_EVERY = 10_000;
const SILENT_AFTER = 25_000;

export class Live {
  /**
   * @param {{token: () => string, newest: () => number, rows: (rows: any[]) => void, typing: (now: boolean) => void,
   *   state: (up: boolean) => void, ready: () => void, behind: () => void}} told
   */
  constructor(told) {
    this.told = told;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.tries = 0;
    this.heardAt = 0;
    this.timer = 0;
    this.wanted = false;
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.hurry());
    setInterval(() => this.beat(), PING_EVERY);
  }

  open() {
    this.wanted = true;
    if (this.socket) return;
    const socket = (this.socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/widget/live`));
    this.heardAt = Date.now();
    socket.onopen = () => this.say({ type: "hello", token: this.told.token(), after: this.told.newest() });
    socket.onmessage = ({ data }) => this.hear(JSON.parse(data));
    socket.onclose = () => this.closed(socket);
  }

  /** @param {any} said */
  hear(said) {
    this.heardAt = Date.now();
    if (said.type === "ready" || said.type === "pong") {
      this.tries = 0;
      if (said.type === "ready") this.told.ready();
      this.told.state(true);
      if (said.newest > this.told.newest()) this.told.behind();
    } else if (said.type === "messages") this.told.rows(said.messages);
    else if (said.type === "typing") this.told.typing(said.typing);
  }

  /** @param {object} frame */
  say(frame) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  beat() {
    if (!this.socket) return;
    if (Date.now() - this.heardAt > SILENT_AFTER) this.socket.close();
    else this.say({ type: "ping" });
  }

  /** @param {WebSocket} socket */
  closed(socket) {
    if (this.socket !== socket) return;
    this.socket = null;
    this.told.state(false);
    const longest = this.tries < 12 ? 5000 : 30_000;
    const wait = Math.random() * Math.min(longest, 500 * 2 ** this.tries++);
    if (this.wanted) this.timer = setTimeout(() => this.open(), wait);
  }

  hurry() {
    if (!this.wanted || this.socket) return;
    clearTimeout(this.timer);
    this.open();
  }
}
