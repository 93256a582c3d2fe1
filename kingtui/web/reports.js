/** The reports: by symbol and by day, and the text of the one that is open. */

import { ApiError, ask, get, query } from "./api.js";
import { backTo, fill, h, keyed, set, split } from "./dom.js";
import { Loader } from "./loader.js";
import { markdown } from "./markdown.js";
import { Paged } from "./paged.js";
import { ago, stamp } from "./words.js";

export class ReportsView {
  name = "reports";
  title = "Reports";
  #symbol = "";
  #id = "";
  #shown = "";
  #typed = 0;

  /** @param {HTMLElement} section @param {import("./store.js").Store} store */
  constructor(section, store) {
    this.section = section;
    this.store = store;
    this.find = /** @type {HTMLInputElement} */ (
      h("input", {
        type: "search",
        id: "report-find",
        placeholder: "symbol",
        autocomplete: "off",
        spellcheck: "false",
        maxlength: 40,
      })
    );
    this.day = /** @type {HTMLInputElement} */ (h("input", { type: "date", id: "report-day" }));
    this.items = h("ul", { class: "rows" });
    this.none = h("p", { class: "muted", hidden: true });
    this.text = h("article", { class: "pane report", "aria-label": "Report" });
    /** @type {Paged<any>} */
    this.list = new Paged(
      section,
      (page, signal) => this.#list(page, signal),
      (reports) => this.#rows(reports),
    );
    this.one = new Loader(section, (signal) => this.#one(signal));
    this.#build();
  }

  #build() {
    const form = h(
      "form",
      { class: "filters", role: "search", onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
      h("label", { for: "report-find" }, "Symbol"),
      this.find,
      h("label", { for: "report-day" }, "Day (UTC)"),
      this.day,
    );
    this.find.addEventListener("input", () => {
      clearTimeout(this.#typed);
      this.#typed = setTimeout(() => this.list.anew(), 200);
    });
    this.day.addEventListener("change", () => this.list.anew());
    this.store.addEventListener("reports", () => {
      this.list.soon();
      if (this.#symbol && !this.#id) this.one.soon();
    });
    const list = h(
      "div",
      { class: "pane list" },
      form,
      this.list.trouble,
      this.none,
      this.items,
      h("p", { class: "buttons" }, this.list.more),
    );
    this.section.append(split(list, backTo("#reports", "← All reports"), this.one.trouble, this.text));
  }

  /** @param {string[]} path @param {boolean} entered whether another view was shown before */
  show([symbol = "", id = ""], entered) {
    const other = symbol !== this.#symbol || id !== this.#id;
    [this.#symbol, this.#id] = [symbol, id];
    set(this.section, "data-open", symbol ? "" : null);
    if (entered) this.list.again();
    else this.#rows(this.list.items);
    if (!other && this.text.childElementCount) return;
    this.#shown = "";
    fill(
      this.text,
      h("p", { class: "muted" }, symbol ? `Opening the report of ${symbol} …` : "Choose a report: it is shown here."),
    );
    if (symbol) this.one.ask();
  }

  /** The path of the first in the list, once it is there. */
  async first() {
    const report = await this.list.first();
    return report && `${encodeURIComponent(report.symbol)}/${report.id}`;
  }

  /** @param {string} key */
  key(key) {
    if (key === "/") this.find.focus();
    else if (key === "f") this.day.focus();
    else return false;
    return true;
  }

  /** @param {{limit: number, before: number | undefined}} page @param {AbortSignal} signal */
  async #list(page, signal) {
    return (await get(`/reports${query({ symbol: this.find.value.trim(), day: this.day.value, ...page })}`, { signal }))
      .reports;
  }

  /** @param {any[]} reports */
  #rows(reports) {
    const now = this.store.now();
    keyed(
      this.items,
      reports,
      (report) => report.id,
      (report) => this.#row(report),
      (element, report) => {
        set(element.querySelector("a") ?? element, "aria-current", String(report.id) === this.#id ? "true" : null);
        fill(
          /** @type {Element} */ (element.querySelector(".when")),
          `${stamp(report.timestamp, now, false)} UTC, ${ago(report.timestamp, now)}`,
        );
      },
    );
    this.none.hidden = reports.length > 0;
    fill(this.none, this.find.value || this.day.value ? "No report is like that." : "No report has been written yet.");
  }

  /** @param {any} report */
  #row(report) {
    const href = `#reports/${encodeURIComponent(report.symbol)}/${report.id}`;
    return h("li", {}, h("a", { href }, h("strong", {}, report.symbol), h("span", { class: "when muted" })));
  }

  /** The latest of a symbol, or the one of an id. @param {AbortSignal} signal */
  async #one(signal) {
    let found;
    try {
      found = await get(`/reports/${encodeURIComponent(this.#symbol)}${query({ id: this.#id })}`, { signal });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      fill(this.text, h("h2", { tabindex: -1 }, this.#symbol), h("p", {}, "No report found."));
      return;
    }
    if (this.#shown === found.file) return;
    this.#shown = found.file;
    const name = found.file.split("/").pop();
    const url = URL.createObjectURL(new Blob([found.report], { type: "text/markdown" }));
    const links = h(
      "p",
      { class: "report-links" },
      h("span", { class: "muted" }, `${stamp(found.timestamp, this.store.now(), false)} UTC`),
      h("a", { href: `#symbols/${encodeURIComponent(found.symbol)}` }, "Levels"),
      h("a", { href: url, download: name }, "Save as Markdown"),
    );
    fill(this.text, links, markdown(found.report));
    this.text.querySelector("h2")?.setAttribute("tabindex", "-1");
    await this.#figure(signal);
  }

  /** The picture in the place of its words, which stay where it cannot be had. @param {AbortSignal} signal */
  async #figure(signal) {
    const words = this.text.querySelector("[data-picture]");
    if (!words) return;
    try {
      const path = `/reports/${encodeURIComponent(this.#symbol)}/figure${query({ id: this.#id })}`;
      const answer = await ask(path, { signal, accept: "image/png" });
      const image = /** @type {HTMLImageElement} */ (h("img", { alt: words.textContent ?? "" }));
      image.src = URL.createObjectURL(await answer.blob());
      await image.decode();
      URL.revokeObjectURL(image.src);
      words.replaceWith(image);
    } catch (error) {
      if (signal.aborted) return;
      words.append(` (not shown: ${error instanceof Error ? error.message : error})`);
    }
  }
}
