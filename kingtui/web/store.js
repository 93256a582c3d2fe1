/**
 * What this page knows, kept current by events: the status, the newest symbols, pictures and runs, the feed. Views
 * listen for the topics `status`, `symbols`, `images`, `history`, `feed`, `connection` and `tick`.
 */

import { ApiError, get } from "./api.js";
import { Feed } from "./feed.js";

/**
 * @typedef {{id: number, step: number, status: string, trigger: string, requestedAt: string, startedAt: string | null,
 *   finishedAt: string | null, done: number, failed: number, quarantined: number, items: number,
 *   duration: number | null, error: string | null, count: number}} Run
 */

const RUNS = 20;
const REFRESH = 4000;

export class Store extends EventTarget {
  /** The answer of `GET /status`. @type {any} */
  status = null;
  /** The newest symbols of the last snapshot, as `GET /data/{symbol}` tells them. @type {any[]} */
  symbols = [];
  /** @type {Run[]} newest last */
  history = [];
  feed = new Feed();
  /** When the server last said anything, in its own time. */
  heardAt = 0;
  /** The last status is no longer the newest: it is asked for anew. */
  #offset = 0;
  #timer = 0;
  #asked = 0;
  /** @type {Set<string>} */
  #dirty = new Set();

  /** The server's time of now, in milliseconds. */
  now() {
    return Date.now() + this.#offset;
  }

  /** @param {import("./live.js").Live} live */
  follow(live) {
    live.addEventListener("snapshot", (event) => this.#snapshot(/** @type {CustomEvent} */ (event).detail));
    live.addEventListener("event", (event) => this.#take(/** @type {CustomEvent} */ (event).detail));
    live.addEventListener("status", (event) => this.#polled(/** @type {CustomEvent} */ (event).detail));
    live.addEventListener("state", () => {
      this.#changed("connection");
      if (live.state === "live") this.refresh();
    });
    setInterval(() => this.#changed("tick"), 1000);
  }

  /** Ask for the status anew, soon and not too often. */
  refresh() {
    if (this.#timer) return;
    const wait = Math.max(400, this.#asked + REFRESH - Date.now());
    this.#timer = setTimeout(() => this.#refreshed(), wait);
  }

  async #refreshed() {
    this.#asked = Date.now();
    try {
      if (!document.hidden) this.#known(await get("/status"));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#asked += error.retryAfter * 1000;
    } finally {
      this.#timer = 0;
      if (document.hidden) document.addEventListener("visibilitychange", () => this.refresh(), { once: true });
    }
  }

  /** @param {any} status */
  #known(status) {
    this.status = status;
    this.#heard(status.timestamp);
    this.#changed("status");
  }

  /** @param {string | undefined} at */
  #heard(at) {
    const moment = Date.parse(at ?? "");
    if (!moment) return;
    this.heardAt = Math.max(this.heardAt, moment);
    this.#offset = moment - Date.now();
  }

  /** @param {any} frame */
  #snapshot(frame) {
    this.symbols = frame.symbols;
    this.history = frame.history.map(runOf);
    this.feed.remember(this.history);
    this.#known(frame.status);
    for (const topic of ["symbols", "images", "history", "feed", "reports"]) this.#changed(topic);
  }

  /** While there are no events, what changed can only be seen from the counts. @param {any} status */
  #polled(status) {
    const before = this.status;
    this.#known(status);
    if (before?.history_count === status.history_count && before?.pictures === status.pictures) return;
    this.#catchUp();
    for (const topic of ["symbols", "images", "history", "reports"]) this.#changed(topic);
  }

  /** What a snapshot and events would have told. */
  async #catchUp() {
    try {
      const history = await get(`/history?limit=${RUNS}`);
      const known = Math.max(0, ...this.history.map((run) => run.id));
      this.history = history.history.map(runOf);
      if (known)
        for (const run of this.history)
          if (run.id > known) this.feed.take({ type: "run_finished", seq: 0, at: run.finishedAt ?? "" }, run);
      this.feed.remember(this.history);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
    this.#changed("feed");
  }

  /** @param {import("./live.js").Frame} event */
  #take(event) {
    this.#heard(event.at);
    const run = event.data?.run ? runOf(event.data.run) : null;
    this.feed.take(event, run);
    this.#changed("feed");
    if (run) this.#ran(event.type, run);
    else if (event.type === "run_progressed") this.#progressed(event.data);
    else if (event.type === "health_changed" && this.status) {
      this.status.health = event.data.health.word;
      this.status.reasons = event.data.health.reasons;
    } else if (event.type === "pause_changed" && this.status) this.status.paused = event.data.paused;
    this.#changed("status");
    const topics = {
      picture_arrived: "images",
      picture_staged: "images",
      symbol_updated: "symbols",
      report_written: "reports",
    };
    const topic = topics[/** @type {keyof typeof topics} */ (event.type)];
    if (topic) this.#changed(topic);
    if (event.type === "missed" || event.type === "restarted")
      for (const each of Object.values(topics)) this.#changed(each);
    if (event.type !== "run_progressed" && event.type !== "logged") this.refresh();
  }

  /** @param {string} type @param {Run} run */
  #ran(type, run) {
    const step = this.status?.steps[`step_${run.step}`];
    if (type === "run_finished") {
      this.history = [...this.history.filter((each) => each.id !== run.id), run].slice(-RUNS);
      this.#changed("history");
      if (step) Object.assign(step, { status: ended(run), run_id: null, progress: null, last_run: run });
    } else if (step) {
      step.status = type === "run_started" ? "running" : step.status === "running" ? "running" : "pending";
      step.run_id = type === "run_started" || !step.run_id ? run.id : step.run_id;
    }
  }

  /** @param {{step: number, run_id: number, progress: any}} event */
  #progressed(event) {
    const step = this.status?.steps[`step_${event.step}`];
    if (step) Object.assign(step, { status: "running", run_id: event.run_id, progress: event.progress });
  }

  /** Tell of a topic once a frame, however much happened. @param {string} topic */
  #changed(topic) {
    if (!this.#dirty.size) setTimeout(() => this.#told(), 50);
    this.#dirty.add(topic);
  }

  #told() {
    const topics = [...this.#dirty];
    this.#dirty.clear();
    for (const topic of topics) this.dispatchEvent(new Event(topic));
  }
}

/** @param {Run} run */
function ended(run) {
  if (run.status === "success") return "completed";
  return run.status === "cancelled" ? "idle" : "failed";
}

/**
 * A run as this page knows it, from an event, the history or a status.
 * @param {any} data
 * @returns {Run}
 */
export function runOf(data) {
  if ("requestedAt" in data) return data;
  const { done = 0, failed = 0, quarantined = 0, started_at: startedAt = null } = data;
  const running = data.status === "pending" || data.status === "running";
  const finishedAt = "finished_at" in data ? data.finished_at : running ? null : data.timestamp;
  const span = startedAt && finishedAt ? (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000 : null;
  return {
    id: data.id,
    step: data.step,
    status: data.status,
    trigger: data.trigger,
    requestedAt: data.requested_at,
    startedAt,
    finishedAt,
    done,
    failed,
    quarantined,
    items: data.items ?? done + failed + quarantined,
    duration: data.duration ?? span,
    error: data.error ?? null,
    count: data.count ?? 1,
  };
}
