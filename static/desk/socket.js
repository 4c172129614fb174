/** The live line: ordered events from the page's number on. The server's log is the truth; a hole is read again. */

const PING_MS = 10_000;
const SILENT_MS = 25_000;
const FIRST_MINUTE_CAP_MS = 5_000;
const LATER_CAP_MS = 30_000;
const BEHIND_GRACE_MS = 1_000;
const REMEMBERED = 500;
const ASK_PAUSE_MS = 500;

export class Live {
  /**
   * @param {number} newest the number at which the page was rendered
   * @param {{event: (event: any) => void, resync: () => Promise<unknown>, presence: (frame: any) => void, state: (online: boolean) => void}} on
   */
  constructor(newest, on) {
    this.newest = newest;
    this.on = on;
    /** @type {any[]} */
    this.recent = [];
    this.failures = 0;
    this.lostAt = 0;
    this.heardAt = 0;
    this.askedAt = 0;
    window.addEventListener("online", () => this.#connectNow());
    window.addEventListener("offline", () => this.#drop());
    document.addEventListener("visibilitychange", () => !document.hidden && this.#connectNow());
    setInterval(() => this.#beat(), PING_MS);
    this.#connect();
  }

  /** Whether the line stands. */
  get open() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** Say something that may be lost (presence). @param {object} frame */
  tell(frame) {
    if (this.open) this.socket.send(JSON.stringify(frame));
  }

  /** The events after a number, or null when that is too long ago: for a part rendered at that number.
   * @param {number} sequence */
  since(sequence) {
    if (sequence >= this.newest) return [];
    const known = this.recent.filter((event) => event.sequence > sequence);
    return known.length === this.newest - sequence ? known : null;
  }

  #connect() {
    clearTimeout(this.timer);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/live`);
    this.socket = socket;
    this.heardAt = Date.now();
    socket.onopen = () => {
      this.failures = 0;
      this.lostAt = 0;
      this.askedAt = 0;
      this.#ask();
      this.on.state(true);
    };
    socket.onmessage = (message) => {
      this.heardAt = Date.now();
      this.#take(JSON.parse(message.data));
    };
    socket.onclose = () => {
      if (socket !== this.socket) return;
      this.lostAt ||= Date.now();
      this.on.state(false);
      const cap = Date.now() - this.lostAt < 60_000 ? FIRST_MINUTE_CAP_MS : LATER_CAP_MS;
      const wait = Math.random() * Math.min(cap, 400 * 2 ** this.failures++);
      this.timer = setTimeout(() => this.#connect(), wait);
    };
  }

  #connectNow() {
    if (this.open || this.socket?.readyState === WebSocket.CONNECTING) return this.#beat();
    this.#connect();
  }

  #ask() {
    if (Date.now() - this.askedAt < ASK_PAUSE_MS) return;
    this.askedAt = Date.now();
    this.tell({ type: "hello", after: this.newest });
  }

  #beat() {
    if (this.socket?.readyState > WebSocket.OPEN) return;
    if (Date.now() - this.heardAt > SILENT_MS) {
      this.#drop();
      return;
    }
    this.tell({ type: "ping" });
  }

  #drop() {
    const dead = this.socket;
    if (!dead) return;
    const closed = dead.onclose;
    dead.onclose = null; // a dead line may take minutes to say so: its onclose is not waited for
    dead.close();
    closed?.call(dead, new CloseEvent("close"));
  }

  #take(frame) {
    if (frame.type === "events") this.#takeEvents(frame.events);
    else if (frame.type === "resync") this.#resync(frame.newest);
    else if (frame.type === "pong") this.#compare(frame.newest);
    else if (frame.type === "presence" || frame.type === "customer_typing") this.on.presence(frame);
  }

  #takeEvents(events) {
    for (const event of events) {
      if (event.sequence <= this.newest) continue;
      if (event.sequence > this.newest + 1) return this.#ask();
      this.newest = event.sequence;
      this.recent.push(event);
      if (event.name) this.on.event(event);
    }
    this.recent.splice(0, this.recent.length - REMEMBERED);
  }

  async #resync(newest) {
    this.newest = newest;
    this.recent = [];
    await this.on.resync();
  }

  #compare(newest) {
    // what the pong knows may still be on its way behind it
    if (newest > this.newest) setTimeout(() => newest > this.newest && this.#ask(), BEHIND_GRACE_MS);
  }
}
