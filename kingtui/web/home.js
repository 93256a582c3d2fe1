/** Home: the six steps, the newest symbols, and what happened. */

import { get } from "./api.js";
import { fill, h, keyed } from "./dom.js";
import { Loader } from "./loader.js";
import { stepCards } from "./steps.js";
import { fillSymbols, symbolTable } from "./symbol_list.js";
import { stamp } from "./words.js";

/** @typedef {import("./store.js").Store} Store */

const NEWEST = 20;

export class HomeView {
  name = "home";
  title = "Home";

  /** @param {HTMLElement} section @param {Store} store @param {import("./steps.js").Actions & {pause: () => void, restart: () => void}} actions */
  constructor(section, store, actions) {
    this.store = store;
    this.newest = new Loader(section, async (signal) => {
      store.symbols = (await get(`/symbols?sort=updated&descending=true&limit=${NEWEST}`, { signal })).symbols;
      this.#symbols();
    });
    this.table = symbolTable();
    this.none = h("p", { class: "muted" }, "No symbol is known yet: the first picture that is read brings the first.");
    this.none.hidden = true; // until it is known
    this.lines = h("ol");
    this.pause = h(
      "button",
      { type: "button", title: "Hold automatic triggers, or let them go (p)", onclick: actions.pause },
      "Pause",
    );
    const restart = h(
      "button",
      { type: "button", class: "danger", title: "End every run, set all steps to idle (r)", onclick: actions.restart },
      "Restart …",
    );
    section.append(
      h(
        "div",
        { class: "section-head" },
        h("h2", { tabindex: -1 }, "Steps"),
        h("p", { class: "buttons" }, this.pause, restart),
      ),
      stepCards(store, actions),
      h(
        "div",
        { class: "lower" },
        h(
          "section",
          { class: "pane newest", "aria-labelledby": "newest" },
          h("h2", { id: "newest" }, "Symbols, the newest first"),
          this.newest.trouble,
          this.none,
          h("div", { class: "scroll" }, this.table),
          h("p", { class: "legend muted" }, "win rates are liquidation-implied · ? not every value is verified · ! stale"),
        ),
        h(
          "section",
          { class: "pane activity", "aria-labelledby": "activity" },
          h("h2", { id: "activity" }, "Activity (UTC)"),
          h("div", { class: "feed", role: "log", "aria-labelledby": "activity", tabindex: 0 }, this.lines),
        ),
      ),
    );
    store.addEventListener("symbols", () => {
      this.#symbols();
      this.newest.soon();
    });
    store.addEventListener("feed", () => this.#feed());
    store.addEventListener("status", () => fill(this.pause, store.status.paused ? "Resume" : "Pause"));
    let beat = 0;
    store.addEventListener("tick", () => ++beat % 15 === 0 && this.#symbols());
  }

  /** @param {string[]} _path @param {boolean} _entered */
  show(_path, _entered) {
    if (this.store.status) this.newest.ask();
  }

  async first() {
    return undefined;
  }

  /** @param {string} _key */
  key(_key) {
    return false;
  }

  #symbols() {
    this.none.hidden = this.store.symbols.length > 0 || !this.store.status;
    this.table.hidden = this.store.symbols.length === 0;
    fillSymbols(this.table, this.store.symbols, this.store.now());
  }

  /** Newest first. */
  #feed() {
    const lines = [...this.store.feed.lines].reverse();
    keyed(
      this.lines,
      lines,
      (line) => line.id,
      () => h("li", {}, h("time"), h("span")),
      (element, line) => {
        const [time, text] = element.children;
        fill(time, stamp(line.at, this.store.now(), false));
        text.className = line.tone;
        fill(text, (line.tone === "error" ? "✗ " : line.tone === "warning" ? "▲ " : "") + line.text);
      },
    );
  }
}
