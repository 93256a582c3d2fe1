/** The history: every run that ended, by step and by how it ended, and the log of the one that is open. */

import { ApiError, ask, get, query } from "./api.js";
import { backTo, fill, h, keyed, set, split } from "./dom.js";
import { Loader } from "./loader.js";
import { Paged } from "./paged.js";
import { runOf } from "./store.js";
import { RUN_MARKS, ago, counted, mark, result, stamp, took } from "./words.js";

const STATES = ["success", "failed", "timeout", "cancelled"];

export class HistoryView {
  name = "history";
  title = "History";
  #id = "";

  /** @param {HTMLElement} section @param {import("./store.js").Store} store @param {import("./steps.js").Actions} actions */
  constructor(section, store, actions) {
    this.section = section;
    this.store = store;
    this.actions = actions;
    this.state = choice("history-state", "every end", STATES);
    this.step = choice("history-step", "every step", ["1", "2", "3", "4", "5", "6"]);
    this.body = h("tbody");
    this.none = h("p", { class: "muted", hidden: true }, "No run is like that.");
    this.run = h("article", { class: "pane run", "aria-label": "Run" });
    /** @type {Paged<import("./store.js").Run>} */
    this.list = new Paged(
      section,
      (page, signal) => this.#list(page, signal),
      (runs) => this.#rows(runs),
    );
    this.one = new Loader(section, (signal) => this.#one(signal));
    this.#build();
  }

  #build() {
    for (const field of [this.state, this.step]) field.addEventListener("change", () => this.list.anew());
    this.store.addEventListener("history", () => this.list.soon());
    const form = h(
      "form",
      { class: "filters" },
      h("label", { for: "history-state" }, "Ended"),
      this.state,
      h("label", { for: "history-step" }, "Step"),
      this.step,
    );
    const heads = [
      ["Run", "num"],
      ["Step", "num"],
      ["Ended", ""],
      ["What it did", ""],
      ["Why", "roomy"],
      ["Took", "num roomy"],
      ["When", ""],
    ];
    const table = h(
      "table",
      { class: "runs" },
      h("caption", { class: "unseen" }, "Runs, newest first"),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heads.map(([name, kind]) => h("th", { scope: "col", class: kind }, name)),
        ),
      ),
      this.body,
    );
    const list = h(
      "div",
      { class: "pane list" },
      form,
      this.list.trouble,
      this.none,
      h("div", { class: "scroll" }, table),
      h("p", { class: "buttons" }, this.list.more),
    );
    this.section.append(split(list, backTo("#history", "← All runs"), this.one.trouble, this.run));
  }

  /** @param {string[]} path @param {boolean} entered whether another view was shown before */
  show([id = ""], entered) {
    this.#id = id;
    set(this.section, "data-open", id ? "" : null);
    fill(
      this.run,
      h("p", { class: "muted" }, id ? `Opening run ${id} …` : "Choose a run: what it did and its log are shown here."),
    );
    if (entered) this.list.again();
    else this.#rows(this.list.items);
    if (id) this.one.ask();
  }

  /** The path of the first in the list, once it is there. */
  async first() {
    return (await this.list.first())?.id;
  }

  /** @param {string} key */
  key(key) {
    if (key === "f") this.state.focus();
    else if (key === "s") this.step.focus();
    else return false;
    return true;
  }

  /** @param {{limit: number, before: number | undefined}} page @param {AbortSignal} signal */
  async #list(page, signal) {
    const found = await get(`/history${query({ ...page, status: this.state.value, step: this.step.value })}`, {
      signal,
    });
    return found.history.map(runOf).reverse();
  }

  /** @param {import("./store.js").Run[]} runs */
  #rows(runs) {
    this.none.hidden = runs.length > 0;
    keyed(
      this.body,
      runs,
      (run) => run.id,
      (run) => this.#row(run),
      (element, run) => this.#update(element, run),
    );
  }

  /** @param {import("./store.js").Run} run */
  #row(run) {
    const link = h("a", { href: `#history/${run.id}` }, run.id);
    const row = h("tr", {}, h("th", { scope: "row", class: "num" }, link));
    for (const kind of ["num", "", "", "roomy", "num roomy", "muted nowrap"]) row.append(h("td", { class: kind }));
    row.addEventListener("click", (event) => {
      if (!(/** @type {Element} */ (event.target).closest("a"))) link.click();
    });
    return row;
  }

  /** @param {HTMLElement} element @param {import("./store.js").Run} run */
  #update(element, run) {
    const cells = element.querySelectorAll("td");
    const { symbol, word, tone } = mark(RUN_MARKS, run.status);
    fill(cells[0], run.step);
    if (cells[1].textContent !== `${symbol} ${word}`) fill(cells[1], h("span", { class: tone }, `${symbol} ${word}`));
    fill(
      cells[2],
      (run.error && run.status !== "success" ? run.error : result({ ...run, duration: null })) +
        (run.count > 1 ? ` (${counted(run.count, "run")} like it)` : ""),
    );
    fill(cells[3], run.trigger);
    fill(cells[4], took(run.duration));
    fill(cells[5], run.finishedAt ? stamp(run.finishedAt, this.store.now()) : "");
    set(element.querySelector("a") ?? element, "aria-current", String(run.id) === this.#id ? "true" : null);
  }

  /** @param {AbortSignal} signal */
  async #one(signal) {
    const name = encodeURIComponent(this.#id);
    let found, log;
    try {
      [found, log] = await Promise.all([
        get(`/runs/${name}`, { signal }),
        ask(`/runs/${name}/log`, { signal, accept: "text/plain" }).then((answer) => answer.text()),
      ]);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      fill(this.run, h("h2", { tabindex: -1 }, `Run ${this.#id}`), h("p", {}, error.message));
      return;
    }
    const run = runOf(found);
    const { symbol, word, tone } = mark(RUN_MARKS, run.status);
    const now = this.store.now();
    fill(
      this.run,
      h("h2", { tabindex: -1 }, `Run ${run.id} of step ${run.step} `, h("span", { class: tone }, `${symbol} ${word}`)),
      run.error && h("p", { class: "error" }, run.error),
      h("p", {}, `What it did: ${result(run)}. Why: ${run.trigger}, ${ago(run.requestedAt, now)}.`),
      h(
        "p",
        { class: "buttons" },
        h("button", { type: "button", onclick: () => this.actions.trigger(run.step) }, `Run step ${run.step} again`),
      ),
      h("h3", {}, "Log"),
      log
        ? h("pre", { class: "log", tabindex: 0, "aria-label": "Log of the run" }, log)
        : h("p", { class: "muted" }, "It kept no log: it had nothing to do."),
    );
  }
}

/** @param {string} id @param {string} every @param {string[]} values */
function choice(id, every, values) {
  return /** @type {HTMLSelectElement} */ (
    h(
      "select",
      { id },
      h("option", { value: "" }, every),
      values.map((value) => h("option", { value }, value)),
    )
  );
}
