/**
 * The live channel: events by WebSocket, resumed where it broke; while there is none the status is asked for every
 * five seconds. Says how it stands: `live`, `polling` or `lost`.
 */

import { ApiError, get, query } from "./api.js";
import { token } from "./token.js";

const POLL = 5000;
const SILENCE = 45000;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15000;

/** @typedef {{type: string, seq: number, at?: string, data?: any, [name: string]: any}} Frame */
/** @typedef {"connecting" | "live" | "polling" | "lost"} State */

export class Live extends EventTarget {
  /** @type {State} */
  state = "connecting";
  /** When the next try is made, in milliseconds of this machine; 0 while one is under way. */
  nextTry = 0;
  /** @type {WebSocket | null} */
  #socket = null;
  #epoch = "";
  #seq = 0;
  #wait = FIRST_WAIT;
  #heard = 0;
  #retry = 0;
  #poll = 0;
  #polls = false;

  /** Begin; call once. */
  start() {
    setInterval(() => this.#listen(), 5000);
    window.addEventListener("online", () => this.now());
    window.addEventListener("pageshow", (event) => event.persisted && this.now());
    document.addEventListener("visibilitychange", () => !document.hidden && this.#listen());
    this.#open();
  }

  /** Try at once, with the token of now. */
  now() {
    if (this.#socket && this.#socket.readyState <= WebSocket.OPEN) return;
    this.#wait = FIRST_WAIT;
    this.#open();
  }

  /** Begin anew, as another caller. */
  again() {
    this.#drop();
    this.#epoch = "";
    this.now();
  }

  #open() {
    clearTimeout(this.#retry);
    this.#drop();
    this.nextTry = 0;
    const where = new URL("/ws" + query({ epoch: this.#epoch, after: this.#epoch && this.#seq }), location.href);
    where.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(where, ["kingtui.v1", ...(token() ? [`bearer.${token()}`] : [])]);
    this.#socket = socket;
    socket.onmessage = (message) => this.#socket === socket && this.#take(JSON.parse(message.data));
    socket.onclose = () => this.#socket === socket && this.#closed();
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** @param {Frame} frame */
  #take(frame) {
    this.#heard = Date.now();
    if (frame.type === "hello") {
      this.#epoch = frame.epoch;
      this.#wait = FIRST_WAIT;
      if (frame.resumed) this.#become("live");
      return;
    }
    if (typeof frame.seq === "number") this.#seq = frame.seq;
    if (frame.type === "snapshot") {
      this.#become("live");
      this.#tell("snapshot", frame);
    } else this.#tell("event", frame);
  }

  #closed() {
    this.#socket = null;
    if (this.state === "live") this.#become("connecting");
    const wait = this.#wait * (0.75 + Math.random() / 2);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
    this.nextTry = Date.now() + wait;
    this.#retry = setTimeout(() => this.#open(), wait);
    if (!this.#polls) this.#ask();
  }

  /** @param {State} state */
  #become(state) {
    if (state === "live") {
      clearTimeout(this.#poll);
      this.#polls = false;
    }
    const before = this.state;
    this.state = state;
    if (before !== state) this.#tell("state", state);
  }

  /** Ask for the status, now and every five seconds until the socket is back. */
  async #ask() {
    this.#polls = true;
    clearTimeout(this.#poll);
    let wait = POLL;
    if (!document.hidden) {
      try {
        const status = await get("/status");
        if (this.state === "live") return;
        this.#become("polling");
        this.#tell("status", status);
      } catch (error) {
        if (this.state === "live") return;
        if (!(error instanceof ApiError)) throw error;
        wait = Math.max(wait, error.retryAfter * 1000);
        if (error.status === 0 || error.status >= 500) this.#become("lost");
      }
    }
    if (this.#polls) this.#poll = setTimeout(() => this.#ask(), wait);
  }

  /** A socket may be dead without anyone telling: after a long silence ask whether the server is there. */
  async #listen() {
    const socket = this.#socket;
    if (document.hidden || this.state !== "live" || Date.now() - this.#heard < SILENCE) return;
    this.#heard = Date.now();
    try {
      await get("/health", { signal: AbortSignal.timeout(5000) });
    } catch {
      if (this.#socket === socket) {
        this.#drop();
        this.#closed();
      }
    }
  }

  /** @param {string} name @param {unknown} detail */
  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
