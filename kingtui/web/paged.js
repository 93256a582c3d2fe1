/** A list that is loaded newest first, page by page, and keeps the older pages while newer items come. */

import { h } from "./dom.js";
import { Loader } from "./loader.js";

const PAGE = 50;

/** @template {{id: number}} T */
export class Paged {
  /** @type {T[]} newest first */
  items = [];
  /** @type {"anew" | "newer" | "older"} */
  #mode = "anew";

  /**
   * @param {HTMLElement} section
   * @param {(page: {limit: number, before: number | undefined}, signal: AbortSignal) => Promise<T[]>} load a page
   * @param {(items: T[]) => void} show
   */
  constructor(section, load, show) {
    this.load = load;
    this.show = show;
    this.more = h("button", { type: "button", hidden: true, onclick: () => this.#ask("older") }, "Older");
    this.loader = new Loader(section, (signal) => this.#load(signal));
    this.trouble = this.loader.trouble;
  }

  /** The first item, once the list is there. */
  async first() {
    await this.loader.done;
    return /** @type {T | undefined} */ (this.items[0]);
  }

  /** Begin anew: what is looked for is another. */
  anew() {
    return this.#ask("anew");
  }

  /** The view is shown again. */
  again() {
    return this.#ask(this.items.length ? "newer" : "anew");
  }

  /** Something changed. */
  soon() {
    this.loader.soon();
  }

  /** @param {"anew" | "newer" | "older"} mode */
  #ask(mode) {
    this.#mode = mode;
    return this.loader.ask();
  }

  /** @param {AbortSignal} signal */
  async #load(signal) {
    const mode = this.#mode;
    this.#mode = mode === "anew" ? "anew" : "newer";
    const before = mode === "older" ? this.items[this.items.length - 1]?.id : undefined;
    const page = await this.load({ limit: PAGE, before }, signal);
    if (signal.aborted) return;
    this.#mode = "newer";
    const last = page[page.length - 1]?.id ?? 0;
    if (mode === "older") this.items = [...this.items, ...page];
    else
      this.items =
        mode === "anew" ? page : [...page, ...this.items.filter((item) => page.length === PAGE && item.id < last)];
    if (mode !== "newer" || this.items.length <= PAGE) this.more.hidden = page.length < PAGE;
    this.show(this.items);
  }
}
