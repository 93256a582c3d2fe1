/** All that is known of a symbol: price, score, win rates with what they rest on, levels drawn, clusters, curves. */

import { h, scrolling } from "./dom.js";
import { ZOOMS, ZOOM_WORDS, levelPlot, sure } from "./plot.js";
import { sparkline } from "./sparkline.js";
import { longShare, rateBar, scoreWords } from "./symbol_list.js";
import { NOT_AVAILABLE, ago, level, percent, price } from "./words.js";

/** @typedef {import("./plot.js").Levels} Levels */
/** @typedef {import("./plot.js").Zoom} Zoom */
/** @typedef {{record: any, levels: Levels, prices: {at: string, value: number}[], scores: {at: string, value: number}[]}} Known */

/**
 * @param {Known} known
 * @param {number} now milliseconds
 * @param {number} width pixels that the plot may take
 * @param {Zoom} zoom
 * @param {(zoom: Zoom) => void} zoomed
 */
export function symbolCard(known, now, width, zoom, zoomed) {
  const { record, levels } = known;
  return [
    title(record, now),
    h(
      "dl",
      { class: "figures" },
      figure(
        "Price",
        record.CurrentPrice === null ? null : price(record.CurrentPrice),
        source(record.CurrentPriceSource, record.CurrentPriceAt, now),
      ),
      figure(
        "Score",
        record.Score === null ? null : scoreWords(record.Score, longShare(record.WinRate_24h)),
        "the larger side of the 24-hour rate",
      ),
      figure("RSI", record.RSI === null ? null : record.RSI.toFixed(1), record.RSI === null ? "" : band(record.RSI)),
    ),
    h("h3", {}, "Win rates ", h("small", {}, "liquidation-implied, not validated")),
    rates(record, now),
    h(
      "div",
      { class: "plot-head" },
      h("h3", {}, "Liquidations around the price"),
      levels.map && zoomButtons(zoom, zoomed),
    ),
    levelPlot(levels, now, width, zoom),
    h("h3", {}, "Liquidation clusters"),
    clusters(levels, now),
    h(
      "div",
      { class: "curves" },
      sparkline("Price", known.prices, price),
      sparkline("Score", known.scores, (value) => value.toFixed(0)),
    ),
  ];
}

/** @param {any} record @param {number} now */
function title(record, now) {
  return h(
    "header",
    { class: "symbol-title" },
    h("h2", { tabindex: -1 }, record.Symbol),
    h(
      "p",
      {},
      h("span", { class: "muted" }, `newest evidence ${ago(record.LastUpdated, now)}`),
      record.Stale && h("span", { class: "warning" }, "▲ stale: older than a day"),
      !record.Verified && h("span", { class: "warning" }, "? not every value is verified"),
    ),
    h("a", { class: "button", href: `#reports/${encodeURIComponent(record.Symbol)}` }, "Latest report"),
  );
}

/** @param {string} name @param {import("./dom.js").Child | import("./dom.js").Child[] | null} value @param {string} about */
function figure(name, value, about) {
  const shown = value === null ? h("span", { class: "muted" }, NOT_AVAILABLE) : value;
  return h(
    "div",
    {},
    h("dt", {}, name),
    h("dd", { class: "big" }, shown),
    h("dd", { class: "muted" }, value === null ? "" : about),
  );
}

/** @param {string | null} text @param {string | null} at @param {number} now */
function source(text, at, now) {
  return [text, ago(at, now)].filter(Boolean).join(", ");
}

/** @param {number} rsi */
function band(rsi) {
  return rsi >= 70 ? "overbought, 70 and above" : rsi <= 30 ? "oversold, 30 and below" : "neutral, between 30 and 70";
}

/** @param {any} record @param {number} now */
function rates(record, now) {
  const rows = [
    ["24h", "24 hours"],
    ["7d", "7 days"],
    ["1m", "1 month"],
  ].map(([key, name]) => {
    const text = record[`WinRate_${key}`];
    const long = longShare(text);
    return h(
      "li",
      {},
      h("span", { class: "horizon" }, name),
      rateBar(long),
      h("span", { class: long === null ? "muted" : "strong" }, text ?? NOT_AVAILABLE),
      h("span", { class: "muted" }, source(record[`WinRate_${key}_Source`], record[`WinRate_${key}_At`], now)),
    );
  });
  return h("ul", { class: "rates" }, rows);
}

/** @param {Zoom} zoom @param {(zoom: Zoom) => void} zoomed */
function zoomButtons(zoom, zoomed) {
  return h(
    "p",
    { class: "choices", role: "group", "aria-label": "How much of the map (z)" },
    ZOOMS.map((each) =>
      h(
        "button",
        { type: "button", "aria-pressed": String(each === zoom), onclick: () => zoomed(each) },
        ZOOM_WORDS[each],
      ),
    ),
  );
}

/** From the highest to the lowest. @param {Levels} levels @param {number} now */
function clusters(levels, now) {
  const rows = ["+2", "+1", "-1", "-2"].map((slot) => {
    const found = levels.clusters.find((each) => each.slot === slot);
    const name = h("th", { scope: "row" }, slot.replace("-", "−"));
    if (!found) return h("tr", {}, name, h("td", { class: "muted", colspan: 4 }, "none"));
    const from = levels.now ? percent((found.price / levels.now - 1) * 100) : NOT_AVAILABLE;
    return h(
      "tr",
      {},
      name,
      h("td", { class: `num strong${found.passed ? " struck" : ""}` }, level(found.price)),
      h("td", { class: "num" }, from),
      h("td", { class: "num muted roomy" }, `strength ${level(found.strength)}`),
      h(
        "td",
        {},
        found.passed && h("span", { class: "warning" }, "passed "),
        sure(found.verified),
        h("span", { class: "muted" }, ` ${ago(found.at, now)}`),
      ),
    );
  });
  const heads = ["Cluster", "Price", "From the price", "Strength", "State"].map((name) =>
    h("th", { scope: "col" }, name),
  );
  return scrolling(
    "Clusters",
    h("table", { class: "clusters" }, h("thead", { class: "unseen" }, h("tr", {}, heads)), h("tbody", {}, rows)),
  );
}
