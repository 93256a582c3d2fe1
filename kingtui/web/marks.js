/** What the reader found, drawn over a picture: green is verified, red is not, blue is what values were measured on. */

import { h, svg } from "./dom.js";

/**
 * A drawing as large as the picture, to lie over it, and the line that tells of the mark under the pointer.
 * @param {any} found what `GET /images/{id}/marks` tells
 */
export function markParts(found) {
  const told = h("p", { class: "mark-told muted" }, TELLS);
  const layer = svg(
    "svg",
    { class: "marks", viewBox: `0 0 ${found.width} ${found.height}`, "aria-hidden": "true" },
    ...found.marks.map((/** @type {any} */ mark) => {
      const drawn = shape(mark);
      drawn.addEventListener("pointerenter", () => {
        told.replaceChildren(...words(mark));
      });
      return drawn;
    }),
  );
  return { layer, told };
}

const TELLS = "Green: verified. Red: not verified. Blue: what values were measured on. Point at a mark to read it.";

/** @param {any} mark */
function shape({ form, places, verified }) {
  const props = { class: verified === null ? "basis" : verified ? "sure" : "unsure" };
  if (form === "line") {
    return svg("polyline", { ...props, points: places.map((/** @type {number[]} */ place) => place.join()).join(" ") });
  }
  const [[left, top], [right, bottom]] = places;
  const [width, height] = [Math.max(right - left, 1), Math.max(bottom - top, 1)];
  if (form === "box") return svg("rect", { ...props, x: left, y: top, width, height });
  return svg("ellipse", {
    ...props,
    cx: left + width / 2,
    cy: top + height / 2,
    rx: width / 2,
    ry: height / 2,
  });
}

/** @param {any} mark */
function words({ about, text, verified, reason }) {
  const head = h("strong", {}, text ? `${about}: ${text}` : about);
  if (verified === null) return [head];
  return [
    head,
    " ",
    h("span", { class: verified ? "success" : "warning" }, verified ? "✓ verified" : `? ${reason || "not verified"}`),
  ];
}
