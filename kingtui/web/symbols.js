/** The symbols: a list that narrows as one types, and all that is known of the one that is open. */

import { ApiError, get, query } from "./api.js";
import { backTo, fill, h, set, split } from "./dom.js";
import { Loader } from "./loader.js";
import { ZOOMS } from "./plot.js";
import { symbolCard } from "./symbol_card.js";
import { fillSymbols, symbolTable } from "./symbol_list.js";
import { counted } from "./words.js";

const PAGE = 50;
const SORTS = {
  symbol: "Name",
  updated: "Newest",
  score: "Score",
  price: "Price",
  below: "Nearest below",
  above: "Nearest above",
  rsi: "RSI",
};
const DESCENDING = ["updated", "score", "price", "below", "rsi"];

/** @typedef {import("./plot.js").Zoom} Zoom */

export class SymbolsView {
  name = "symbols";
  title = "Symbols";
  #symbol = "";
  #shown = PAGE;
  /** @type {Zoom} */
  #zoom = "auto";
  /** @type {import("./symbol_card.js").Known | null} */
  #known = null;
  /** @type {any[]} */
  #records = [];
  #typed = 0;

  /** @param {HTMLElement} section @param {import("./store.js").Store} store */
  constructor(section, store) {
    this.section = section;
    this.store = store;
    this.find = /** @type {HTMLInputElement} */ (
      h("input", {
        type: "search",
        id: "find",
        placeholder: "btc, BTC/USDT, …",
        autocomplete: "off",
        spellcheck: "false",
        maxlength: 40,
      })
    );
    this.sort = /** @type {HTMLSelectElement} */ (
      h(
        "select",
        { id: "sort" },
        Object.entries(SORTS).map(([value, name]) => h("option", { value }, name)),
      )
    );
    this.table = symbolTable();
    this.count = h("p", { class: "muted", role: "status" });
    this.more = h("button", { type: "button", hidden: true, onclick: () => this.#further() }, "More");
    this.card = h("article", { class: "pane card", "aria-label": "Symbol" });
    this.list = new Loader(section, (signal) => this.#list(signal));
    this.one = new Loader(section, (signal) => this.#one(signal));
    this.#build();
    this.#listen();
  }

  #build() {
    const form = h(
      "form",
      { class: "filters", role: "search", onsubmit: (/** @type {Event} */ event) => this.#open(event) },
      h("label", { for: "find" }, "Find"),
      this.find,
      h("label", { for: "sort" }, "Sort by"),
      this.sort,
    );
    const list = h(
      "div",
      { class: "pane list" },
      form,
      this.list.trouble,
      h("div", { class: "scroll" }, this.table),
      h("p", { class: "buttons" }, this.count, this.more),
    );
    this.section.append(split(list, backTo("#symbols", "← All symbols"), this.one.trouble, this.card));
  }

  #listen() {
    this.find.addEventListener("input", () => {
      clearTimeout(this.#typed);
      this.#typed = setTimeout(() => this.list.ask(), 200);
    });
    this.sort.addEventListener("change", () => this.list.ask());
    this.store.addEventListener("symbols", () => {
      this.list.soon();
      if (this.#symbol) this.one.soon();
    });
    let width = 0;
    new ResizeObserver(([entry]) => {
      if (Math.abs(entry.contentRect.width - width) < 8) return;
      width = entry.contentRect.width;
      this.#draw();
    }).observe(this.card);
  }

  /** @param {string[]} path @param {boolean} entered whether another view was shown before */
  show([symbol = ""], entered) {
    const other = symbol !== this.#symbol;
    this.#symbol = symbol;
    set(this.section, "data-open", symbol ? "" : null);
    if (other) this.#known = null;
    if (entered) this.list.ask();
    else this.#rows();
    if (symbol) this.one.ask();
    if (other)
      fill(
        this.card,
        symbol
          ? h("p", { class: "muted" }, `Looking up ${symbol} …`)
          : h("p", { class: "muted" }, "Choose a symbol: its levels, win rates and what they rest on are shown here."),
      );
  }

  /** The path of the first in the list, once it is there. */
  async first() {
    await this.list.done;
    return this.#records[0] && encodeURIComponent(this.#records[0].Symbol);
  }

  /** The keys of this view. @param {string} key */
  key(key) {
    if (key === "/") this.find.focus();
    else if (key === "z") this.#zoomed(ZOOMS[(ZOOMS.indexOf(this.#zoom) + 1) % ZOOMS.length]);
    else if (key === "v" && this.#symbol) location.hash = `#reports/${encodeURIComponent(this.#symbol)}`;
    else return false;
    return true;
  }

  /** Enter opens the first that was found, or asks for what was typed. @param {Event} event */
  async #open(event) {
    event.preventDefault();
    clearTimeout(this.#typed);
    await this.list.ask();
    const first = this.#records[0]?.Symbol ?? this.find.value.trim();
    if (first) location.hash = `#symbols/${encodeURIComponent(first)}`;
  }

  #further() {
    this.#shown += PAGE;
    this.list.ask();
  }

  /** @param {AbortSignal} signal */
  async #list(signal) {
    const sort = this.sort.value;
    const wanted = query({
      find: this.find.value.trim(),
      sort,
      descending: DESCENDING.includes(sort),
      limit: Math.min(this.#shown, 500),
    });
    const found = await get(`/symbols${wanted}`, { signal });
    this.#records = found.symbols;
    this.#rows();
    fill(
      this.count,
      found.total > found.symbols.length
        ? `${found.symbols.length} of ${counted(found.total, "symbol")}`
        : counted(found.total, "symbol"),
    );
    this.more.hidden = found.total <= found.symbols.length || this.#shown >= 500;
  }

  #rows() {
    fillSymbols(this.table, this.#records, this.store.now(), this.#symbol);
  }

  /** @param {AbortSignal} signal */
  async #one(signal) {
    const name = encodeURIComponent(this.#symbol);
    try {
      const [record, levels, history] = await Promise.all([
        get(`/data/${name}`, { signal }),
        get(`/symbols/${name}/levels`, { signal }),
        get(`/symbols/${name}/history?limit=200`, { signal }),
      ]);
      this.#known = { record, levels: levelsOf(levels), prices: history.prices, scores: history.scores };
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      this.#known = null;
      fill(
        this.card,
        h("h2", { tabindex: -1 }, this.#symbol),
        h("p", {}, "Symbol not found: no picture has told of it yet."),
      );
      return;
    }
    this.#draw();
  }

  /** @param {Zoom} zoom */
  #zoomed(zoom) {
    this.#zoom = zoom;
    this.#draw();
    /** @type {HTMLElement | null} */ (this.card.querySelector('.choices [aria-pressed="true"]'))?.focus();
  }

  #draw() {
    if (!this.#known) return;
    const style = getComputedStyle(this.card);
    const width = this.card.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    if (width <= 0) return; // another view is shown: it is drawn when it has a width again
    const open = this.card.querySelector("details")?.open ?? false;
    fill(
      this.card,
      symbolCard(this.#known, this.store.now(), Math.floor(width), this.#zoom, (zoom) => this.#zoomed(zoom)),
    );
    const details = this.card.querySelector("details");
    if (details) details.open = open;
  }
}

/** @param {any} found as `GET /symbols/{symbol}/levels` tells it @returns {import("./plot.js").Levels} */
function levelsOf({ symbol, price, map, clusters }) {
  const drawn = map && { price: map.price, at: map.at, verified: map.bars_verified, bars: map.bars };
  return { symbol, now: price, map: drawn, clusters };
}
