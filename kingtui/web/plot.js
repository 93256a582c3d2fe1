/**
 * The liquidation levels around a symbol's price: prices go up, bars to the right. Above the map's price lie short
 * liquidations, below it long ones; clusters stand beside them. What is not verified is hatched, what the price has
 * passed is hollow; two sides, marks and words say it all without colour.
 */

import { h, scrolling, svg } from "./dom.js";
import { ago, counted, level, percent, price } from "./words.js";

/**
 * @typedef {{slot: string, price: number, strength: number, verified: boolean, passed: boolean, at: string}} Cluster
 * @typedef {{price: number, total: number, side: "long" | "short" | "own"}} Bar
 * @typedef {{symbol: string, now: number | null, map: {price: number, at: string, verified: boolean, bars: Bar[]} | null,
 *   clusters: Cluster[]}} Levels
 * @typedef {{low: number, high: number, total: number}} Bin
 * @typedef {"auto" | "5" | "15" | "map"} Zoom
 */

export const ZOOMS = /** @type {Zoom[]} */ (["auto", "5", "15", "map"]);
export const ZOOM_WORDS = { auto: "all clusters", 5: "± 5 %", 15: "± 15 %", map: "whole map" };

const ROW = 13;
const AXIS = 84;
const HALF = 14;
const EDGE = 1 + 1e-9;

/** How far to draw, as a difference of prices; `auto`: the nearest window of a win rate with every cluster in it.
 * @param {NonNullable<Levels["map"]>} map @param {Cluster[]} clusters @param {Zoom} zoom */
function reachOf(map, clusters, zoom) {
  const far = (/** @type {number[]} */ prices) => Math.max(0, ...prices.map((at) => Math.abs(at - map.price)));
  const clustersFar = far(clusters.map((found) => found.price));
  const widest = Math.max(far(map.bars.map((bar) => bar.price)), clustersFar) || map.price / 100;
  if (zoom === "5" || zoom === "15") return (Number(zoom) / 100) * map.price;
  const windows = zoom === "auto" ? [0.05 * map.price, 0.15 * map.price] : [];
  return windows.find((window) => clustersFar <= window) ?? widest * EDGE;
}

/**
 * The map's bars in bins to either side of its price, from the highest to the lowest. The price's own cell counts for
 * neither side.
 * @param {NonNullable<Levels["map"]>} map
 * @param {number} reach
 * @param {number} half bins to a side
 */
export function binsOf(map, reach, half) {
  const step = reach / half;
  /** @type {Bin[]} */
  const above = [];
  /** @type {Bin[]} */
  const below = [];
  for (let place = 0; place < half; place++) {
    above.push({ low: map.price + step * place, high: map.price + step * (place + 1), total: 0 });
    below.push({ low: map.price - step * (place + 1), high: map.price - step * place, total: 0 });
  }
  let outside = 0;
  for (const bar of map.bars) {
    if (bar.side === "own") continue;
    const far = Math.abs(bar.price - map.price);
    if (far > reach * EDGE) outside += bar.total;
    else (bar.side === "short" ? above : below)[Math.min(Math.floor(far / step), half - 1)].total += bar.total;
  }
  return { above: above.reverse(), below, outside };
}

/**
 * The figure with its heading, the drawing and the same as a table.
 * @param {Levels} levels
 * @param {number} at the moment, milliseconds
 * @param {number} width pixels
 * @param {Zoom} zoom
 */
export function levelPlot(levels, at, width, zoom) {
  const { map } = levels;
  if (!map)
    return h(
      "p",
      { class: "muted" },
      "No liquidation map of it has come yet; its levels are drawn here as soon as one does.",
    );
  const reach = reachOf(map, levels.clusters, zoom);
  const bins = binsOf(map, reach, HALF);
  const all = [...bins.above, ...bins.below];
  const shown = all.reduce((sum, bin) => sum + bin.total, 0);
  const share = shown + bins.outside ? shown / (shown + bins.outside) : 1;
  const parts =
    `± ${Number(((reach / map.price) * 100).toPrecision(3))} %` +
    (share > 0.9995 ? "" : `, ${Math.round(share * 100)} % of the map`);
  const heading = h(
    "figcaption",
    {},
    h("span", { class: "muted" }, `${parts}, ${ago(map.at, at)} `),
    sure(map.verified),
  );
  return h("figure", { class: "levels" }, heading, drawing(levels, map, bins, reach, width), table(levels, all, map));
}

/** @param {boolean} verified */
export function sure(verified) {
  return h("span", { class: verified ? "success" : "warning" }, verified ? "✓ verified" : "? not verified");
}

/**
 * @param {Levels} levels
 * @param {NonNullable<Levels["map"]>} map
 * @param {{above: Bin[], below: Bin[]}} bins
 * @param {number} reach
 * @param {number} width
 */
function drawing(levels, map, bins, reach, width) {
  const height = ROW * HALF * 2 + 48;
  const middle = height / 2;
  const marks = width < 460 ? 64 : 150;
  const room = Math.max(width - AXIS - marks, 60);
  const most = Math.max(...[...bins.above, ...bins.below].map((bin) => bin.total)) || 1;
  const y = (/** @type {number} */ value) => {
    const gap = value === map.price ? 0 : value > map.price ? -12 : 12;
    return middle + gap - ((value - map.price) / reach) * ROW * HALF;
  };
  /** @param {Bin} bin @param {string} side @param {number} top */
  const bar = (bin, side, top) => [
    bin.total > 0 &&
      svg(
        "rect",
        {
          class: map.verified ? `bar ${side}` : "bar",
          fill: map.verified ? null : `url(#hatch-${side})`,
          x: AXIS,
          y: top + 1,
          rx: 2,
          height: ROW - 2,
          width: Math.max((bin.total / most) * room, 2),
        },
        svg("title", {}, `${level(bin.low)} to ${level(bin.high)}: ${level(bin.total)} of ${side} liquidations`),
      ),
  ];
  const label = (/** @type {number} */ value) =>
    svg("text", { class: "tick", x: AXIS - 8, y: y(value) + 4 }, level(value));
  const ticks = [1, 0.75, 0.5, 0.25].flatMap((part) => [map.price + part * reach, map.price - part * reach]);
  return svg(
    "svg",
    {
      class: "plot",
      role: "img",
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      "aria-label": summary(levels, map),
    },
    hatches(),
    svg("path", { class: "axis", d: `M${AXIS - 0.5} 12V${height - 12}` }),
    ticks.map(label),
    bins.above.map((bin, place) => bar(bin, "short", middle - 12 - ROW * (HALF - place))).flat(),
    bins.below.map((bin, place) => bar(bin, "long", middle + 12 + ROW * place)).flat(),
    svg("text", { class: "side short", x: width - 2, y: 14 }, "short liquidations ↑"),
    svg("text", { class: "side long", x: width - 2, y: height - 6 }, "long liquidations ↓"),
    svg("path", { class: "price", d: `M${AXIS - 4} ${middle}H${width}` }),
    svg("text", { class: "price", x: AXIS - 8, y: middle + 4 }, price(map.price)),
    nowMark(levels, map, reach, y, width),
    clusterMarks(
      levels.clusters.filter((found) => Math.abs(found.price - map.price) <= reach * EDGE),
      y,
      width,
      marks,
    ),
  );
}

/** Fills for what is not verified, told apart without colour. */
function hatches() {
  return svg(
    "defs",
    {},
    ["short", "long"].map((side) =>
      svg(
        "pattern",
        { id: `hatch-${side}`, width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
        svg("rect", { width: 5, height: 5, class: `${side} faint` }),
        svg("rect", { width: 2, height: 5, class: side }),
      ),
    ),
  );
}

/** The price of now, where it is another than the map's. @param {Levels} levels @param {NonNullable<Levels["map"]>} map @param {number} reach @param {(value: number) => number} y @param {number} width */
function nowMark({ now }, map, reach, y, width) {
  if (now === null) return null;
  const text =
    now === map.price ? "price" : `price on the map; now ${price(now)} (${percent((now / map.price - 1) * 100)})`;
  const inside = now !== map.price && Math.abs(now - map.price) <= reach;
  return svg(
    "g",
    {},
    svg("text", { class: "price-word", x: width - 2, y: y(map.price) - 4 }, text),
    inside && svg("path", { class: "now", d: `M${AXIS - 4} ${y(now)}H${width}` }),
  );
}

/** Diamonds at their prices, their words moved apart where they would lie on each other. @param {Cluster[]} clusters @param {(value: number) => number} y @param {number} width @param {number} marks */
function clusterMarks(clusters, y, width, marks) {
  let free = 24;
  return [...clusters]
    .sort((one, other) => other.price - one.price)
    .map((found) => {
      const here = y(found.price);
      const text = Math.max(here, free);
      free = text + 15;
      const left = width - marks + 10;
      const words = `${found.slot.replace("-", "−")}${marks > 100 ? ` ${level(found.price)}` : ""}${found.verified ? "" : "?"}${found.passed && marks > 100 ? " passed" : ""}`;
      return svg(
        "g",
        { class: `cluster${found.passed ? " passed" : ""}${found.verified ? "" : " doubtful"}` },
        svg("title", {}, clusterWords(found)),
        svg("path", { class: "lead", d: `M${AXIS} ${here}H${left - 8}L${left} ${text}` }),
        svg("path", { class: "diamond", d: `M${left} ${text - 5}l5 5-5 5-5-5z` }),
        svg("text", { x: left + 10, y: text + 4 }, words),
      );
    });
}

/** @param {Cluster} found */
function clusterWords(found) {
  const doubts = [found.verified ? "verified" : "not verified", found.passed && "passed by the price"].filter(Boolean);
  return `Cluster ${found.slot}: ${level(found.price)}, strength ${level(found.strength)}, ${doubts.join(", ")}`;
}

/** @param {Levels} levels @param {NonNullable<Levels["map"]>} map */
function summary({ symbol, now, clusters }, map) {
  const found = clusters.map(clusterWords).join(". ") || "No clusters";
  return `${symbol}: liquidations around the price ${price(now ?? map.price)}, ${counted(map.bars.length, "bar")}, ${map.verified ? "verified" : "not verified"}. ${found}.`;
}

/** The drawing's text alternative. @param {Levels} levels @param {Bin[]} bins @param {NonNullable<Levels["map"]>} map */
function table({ clusters }, bins, map) {
  const rows = bins.map((bin) => {
    const inside = clusters.filter((found) => found.price >= bin.low && found.price < bin.high);
    return h(
      "tr",
      {},
      h("th", { scope: "row", class: "num" }, `${level(bin.low)} – ${level(bin.high)}`),
      h("td", {}, bin.low >= map.price ? "short" : "long"),
      h("td", { class: "num" }, bin.total ? level(bin.total) : "–"),
      h(
        "td",
        {},
        inside
          .map(
            (found) =>
              `${found.slot.replace("-", "−")}${found.passed ? " passed" : ""}${found.verified ? "" : " not verified"}`,
          )
          .join(", "),
      ),
    );
  });
  const heads = ["Prices", "Side", "Liquidations", "Clusters"].map((name) => h("th", { scope: "col" }, name));
  return h(
    "details",
    {},
    h("summary", {}, "As a table"),
    scrolling("Levels as a table", h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows))),
  );
}
