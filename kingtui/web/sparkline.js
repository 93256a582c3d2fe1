/** How a value went over time: a small line with its range in words. */

import { h, svg } from "./dom.js";
import { age, counted } from "./words.js";

const WIDTH = 240;
const HEIGHT = 36;

/**
 * A figure, or null where there are fewer than two points. The value holds until the next picture: the line has steps.
 * @param {string} name
 * @param {{at: string, value: number}[]} points oldest first
 * @param {(value: number) => string} words
 */
export function sparkline(name, points, words) {
  if (points.length < 2) return null;
  const times = points.map((point) => Date.parse(point.at));
  const values = points.map((point) => point.value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const span = times[times.length - 1] - times[0];
  const x = (/** @type {number} */ at) => (span ? ((at - times[0]) / span) * WIDTH : WIDTH);
  const y = (/** @type {number} */ value) =>
    high > low ? 3 + (1 - (value - low) / (high - low)) * (HEIGHT - 6) : HEIGHT / 2;
  let path = `M${x(times[0]).toFixed(1)} ${y(values[0]).toFixed(1)}`;
  for (let place = 1; place < points.length; place++) {
    path += `H${x(times[place]).toFixed(1)}V${y(values[place]).toFixed(1)}`;
  }
  const range = low === high ? words(low) : `${words(low)} to ${words(high)}`;
  const text = `${range}, ${counted(points.length, "picture")} in ${span < 60000 ? "a minute" : age(span)}`;
  const drawing = svg(
    "svg",
    {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      class: "sparkline",
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": `${name}: ${text}`,
    },
    svg("path", { d: path, class: "line", "vector-effect": "non-scaling-stroke" }),
  );
  return h(
    "figure",
    { class: "curve" },
    h("figcaption", {}, h("span", {}, name), h("span", { class: "muted" }, text)),
    drawing,
  );
}
