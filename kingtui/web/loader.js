/** Loading what a view shows: the newest question wins, events ask again but not too often, and trouble is said. */

import { ApiError } from "./api.js";
import { fill, h } from "./dom.js";

const EVERY = 5000;

export class Loader {
  /** Where trouble is said; put it into the view. */
  trouble = h("p", { class: "trouble", role: "status", hidden: true });
  /** @type {AbortController | null} */
  #asking = null;
  #asked = 0;
  #timer = 0;

  /**
   * @param {HTMLElement} section nothing is asked by events while it is hidden
   * @param {(signal: AbortSignal) => Promise<void>} load asks and shows
   */
  constructor(section, load) {
    this.section = section;
    this.load = load;
  }

  /** What was asked last, until it is shown. @type {Promise<void>} */
  done = Promise.resolve();

  /** Ask now; what was asked before is forgotten. */
  ask() {
    this.done = this.#ask();
    return this.done;
  }

  async #ask() {
    this.#asking?.abort();
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#asked = Date.now();
    const asking = new AbortController();
    this.#asking = asking;
    try {
      await this.load(asking.signal);
      if (!asking.signal.aborted) this.trouble.hidden = true;
    } catch (error) {
      if (asking.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.#asked += error.retryAfter * 1000;
      fill(this.trouble, `▲ ${error.message}`);
      this.trouble.hidden = false;
      if (error.retryAfter) this.soon();
    }
  }

  /** Something changed: ask again when it is time to. */
  soon() {
    if (this.section.hidden || this.#timer) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = 0;
        if (!document.hidden && !this.section.hidden) this.ask();
        else document.addEventListener("visibilitychange", () => this.soon(), { once: true });
      },
      Math.max(300, this.#asked + EVERY - Date.now()),
    );
  }
}
