/** Symbols as a table: price, score, the 24-hour rate, the nearest open clusters, and how old it all is. */

import { fill, h, keyed, set } from "./dom.js";
import { age, percent, price } from "./words.js";

const DAY = 86400000;
const DASH = "–";

/**
 * What a row shows of a record. A cluster that the price has passed is no target.
 * @param {any} record flat
 */
export function rowOf(record) {
  const now = record.CurrentPrice;
  const beside = (/** @type {string} */ sign) =>
    ["1", "2"].map((each) => record[`Liqcluster${sign}${each}`]).filter((at) => at !== null && at !== undefined);
  const below = beside("-").find((at) => at < now);
  const above = beside("+").find((at) => at > now);
  return {
    symbol: record.Symbol,
    price: now,
    score: record.Score,
    long: longShare(record.WinRate_24h),
    below: distance(below, now),
    above: distance(above, now),
    rsi: record.RSI,
    updated: record.LastUpdated,
    verified: record.Verified,
    stale: record.Stale,
  };
}

/** In percent of the price. @param {number | null | undefined} to @param {number | null} from */
function distance(to, from) {
  return to === null || to === undefined || !from ? null : (to / from - 1) * 100;
}

/**
 * The long part of `12% Long/88% Short`; null where there is none.
 * @param {string | null} text
 */
export function longShare(text) {
  const found = /^(\d+)% Long/.exec(text ?? "");
  return found ? Number(found[1]) : null;
}

/**
 * A bar that is green as far as longs go and red beyond; the numbers stand beside it.
 * @param {number | null} long
 */
export function rateBar(long) {
  const bar = h("span", { class: "rate", "aria-hidden": "true" });
  if (long === null) bar.classList.add("none");
  else bar.style.setProperty("--share", `${long}%`);
  return bar;
}

/** @returns {HTMLTableElement} empty; fill it with `fillSymbols` */
export function symbolTable() {
  const columns = [
    ["Symbol", ""],
    ["Price", "num"],
    ["Score", "num"],
    ["24h long/short", "wide"],
    ["Below", "num"],
    ["Above", "num"],
    ["RSI", "num roomy"],
    ["Age", "num"],
  ];
  return /** @type {HTMLTableElement} */ (
    h(
      "table",
      { class: "symbols" },
      h("caption", { class: "unseen" }, "Symbols"),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          columns.map(([name, kind]) => h("th", { scope: "col", class: kind }, name)),
        ),
      ),
      h("tbody", {}),
    )
  );
}

/**
 * @param {HTMLTableElement} table
 * @param {any[]} records flat
 * @param {number} now
 * @param {string} [chosen] the symbol that is open
 */
export function fillSymbols(table, records, now, chosen = "") {
  const body = table.tBodies[0];
  keyed(
    body,
    records.map(rowOf),
    (row) => row.symbol,
    makeRow,
    (element, row) => updateRow(element, row, now, chosen),
  );
}

/** @param {ReturnType<typeof rowOf>} row */
function makeRow(row) {
  const link = h("a", { href: `#symbols/${encodeURIComponent(row.symbol)}` }, row.symbol);
  const element = h("tr", {}, h("th", { scope: "row" }, link, h("span", { class: "warning doubt" })));
  for (const kind of ["num", "num score", "wide", "num", "num", "num roomy", "num muted"])
    element.append(h("td", { class: kind }));
  element.addEventListener("click", (event) => {
    if (!(/** @type {Element} */ (event.target).closest("a"))) link.click();
  });
  return element;
}

/** @param {HTMLElement} element @param {ReturnType<typeof rowOf>} row @param {number} now @param {string} chosen */
function updateRow(element, row, now, chosen) {
  const text = JSON.stringify([row, age(now - Date.parse(row.updated)), chosen === row.symbol]);
  if (element.dataset.text === text) return;
  element.dataset.text = text;
  const cells = element.querySelectorAll("td");
  fill(cells[0], row.price === null ? DASH : price(row.price));
  fill(cells[1], ...scoreWords(row.score, row.long));
  fill(cells[2], rateBar(row.long), row.long === null ? DASH : `${row.long}/${100 - row.long}`);
  fill(cells[3], row.below === null ? DASH : percent(row.below));
  fill(cells[4], row.above === null ? DASH : percent(row.above));
  fill(cells[5], row.rsi === null ? DASH : row.rsi.toFixed(1));
  fill(
    cells[6],
    age(now - Date.parse(row.updated)),
    row.stale || now - Date.parse(row.updated) > DAY ? h("span", { class: "warning" }, " ! stale") : "",
  );
  element.classList.toggle("doubtful", !row.verified);
  fill(element.querySelector(".doubt") ?? element, row.verified ? "" : " ?");
  set(element, "title", row.verified ? null : "not every value is verified");
  set(element.querySelector("a") ?? element, "aria-current", chosen === row.symbol ? "true" : null);
}

/** `83 S`, `61 L`, `50 =`. @param {number | null} score @param {number | null} long */
export function scoreWords(score, long) {
  if (score === null || long === null) return [DASH];
  const [letter, word, tone] =
    long > 50 ? ["L", "long", "success"] : long < 50 ? ["S", "short", "error"] : ["=", "even", "plain"];
  return [h("span", { class: tone }, `${score} `, h("abbr", { title: word }, letter))];
}
