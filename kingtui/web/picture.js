/** One picture beside what was read from it: each value verified, or with the reason why not. */

import { ApiError, ask, get } from "./api.js";
import { h } from "./dom.js";
import { markParts } from "./marks.js";
import { KINDS, STAGE_MARKS, ago, counted, mark, stamp, until } from "./words.js";

/** @type {Record<string, string>} */
const NEXT = {
  new: "It waits for step 2, which says what it is.",
  sorted: "It waits for step 3, which looks whether it is here already.",
  unique: "It waits for step 4, which reads it.",
  analysed: "It waits for step 5, which brings its numbers to their symbols.",
};
/** @type {Record<string, string>} */
const ADVICE = {
  quarantined: "Try it again. If it ends here again, look at the file itself: it is kept as it came.",
  unknown: "Nothing is to be done if it is no chart. If it is one, read it again.",
  duplicate: "Nothing is to be done: its numbers come from the original.",
  missing: "Drop the file into downloads again if you still have it.",
};
/** @type {Record<string, string>} */
const NOTHING = {
  unknown: "No number was taken from it: it is none of the charts that kingtui knows.",
  quarantined: "No number was taken from it.",
  missing: "Its file was gone before it could be read.",
};

/**
 * @param {any} view what `GET /images/{id}` tells, its picture's own facts beside the rest
 * @param {number} now
 * @param {{retry: () => void, reread: () => void}} actions
 */
export function pictureParts(view, now, actions) {
  const drawing = h("div", { class: "picture" });
  const parts = [
    h("h2", { tabindex: -1 }, title(view)),
    h(
      "p",
      { class: "buttons" },
      view.stage === "quarantined" &&
        h("button", { type: "button", class: "main", onclick: actions.retry }, "Try again"),
      view.stage !== "missing" &&
        view.stage !== "duplicate" &&
        h("button", { type: "button", onclick: actions.reread }, "Read again"),
      view.symbol &&
        h("a", { class: "button", href: `#symbols/${encodeURIComponent(view.symbol)}` }, `Levels of ${view.symbol}`),
    ),
    h("div", { class: "beside" }, drawing, h("div", { class: "read" }, facts(view, now), values(view, now))),
    attempts(view),
  ];
  return { parts, drawing };
}

/** @param {any} image */
export function title(image) {
  return [image.symbol, KINDS[image.kind]].filter(Boolean).join(" ") || image.name;
}

/**
 * Draw the file. It is fetched with the token, which an address in the page could not carry.
 * @param {HTMLElement} into
 * @param {any} view
 * @param {AbortSignal} signal
 */
export async function drawPicture(into, view, signal) {
  if (view.stage === "missing") return into.append(h("p", { class: "muted" }, "Its file is gone."));
  const canvas = /** @type {HTMLCanvasElement} */ (
    h("canvas", { role: "img", "aria-label": `The picture ${view.name}; what was read from it stands beside it` })
  );
  try {
    const answer = await ask(`/images/${view.id}/file`, { signal, accept: "image/*" });
    const bitmap = await createImageBitmap(await answer.blob());
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
    bitmap.close();
  } catch (error) {
    if (signal.aborted) return;
    const why =
      error instanceof DOMException ? "it does not decode as a picture" : /** @type {Error} */ (error).message;
    return into.append(h("p", { class: "warning" }, `▲ The picture cannot be shown: ${why}`));
  }
  const larger = h("button", { type: "button", "aria-pressed": "false", class: "larger" }, "Larger");
  larger.addEventListener("click", () => {
    const large = into.parentElement?.classList.toggle("large");
    larger.setAttribute("aria-pressed", String(large));
  });
  const sheet = h("div", { class: "sheet" }, canvas);
  const frame = h("div", { class: "frame", tabindex: 0, role: "group", "aria-label": "Picture" }, sheet);
  const buttons = h("p", { class: "buttons" }, larger);
  into.replaceChildren(frame, buttons);
  if (view.reading) await drawMarks(into, sheet, buttons, view, signal);
}

/**
 * Lay what was found over the picture, with a button that takes it away and brings it back.
 * @param {HTMLElement} into @param {HTMLElement} sheet @param {HTMLElement} buttons @param {any} view
 * @param {AbortSignal} signal
 */
async function drawMarks(into, sheet, buttons, view, signal) {
  const button = h("button", { type: "button", "aria-pressed": "true", class: "marks-shown" }, "What was found");
  try {
    const { layer, told } = markParts(await get(`/images/${view.id}/marks`, { signal }));
    button.addEventListener("click", () => {
      const shown = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(shown));
      into.classList.toggle("bare", !shown);
    });
    sheet.append(layer);
    buttons.append(button);
    into.append(told);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof ApiError)) throw error;
    into.append(h("p", { class: "muted" }, `What was found on it cannot be drawn: ${error.message}`));
  }
}

/** @param {any} view @param {number} now */
function facts(view, now) {
  const { symbol, word, tone } = mark(STAGE_MARKS, view.stage);
  /** @type {[string, import("./dom.js").Child | import("./dom.js").Child[]][]} */
  const rows = [
    [
      "Stage",
      [h("span", { class: tone }, `${symbol} ${word}`), h("span", { class: "muted" }, ` ${ago(view.staged_at, now)}`)],
    ],
  ];
  if (view.reason) rows.push(["Why", h("span", { class: "warning" }, view.reason)]);
  if (view.next_try)
    rows.push(["Next", `attempt ${view.attempts} of 3 failed, tried again ${until(view.next_try, now)}`]);
  else if (ADVICE[view.stage]) rows.push(["To do", ADVICE[view.stage]]);
  else if (NEXT[view.stage]) rows.push(["Next", NEXT[view.stage]]);
  if (view.original)
    rows.push([
      "Original",
      h("a", { href: `#pictures/${view.original.id}` }, `number ${view.original.id}, ${view.original.name}`),
    ]);
  if (view.duplicates) rows.push(["Repeated", `by ${counted(view.duplicates, "other picture")}`]);
  const by = [...new Set(view.receipts.map((/** @type {any} */ receipt) => receipt.source))].join(", ");
  rows.push(["Arrived", `${stamp(view.arrived_at, now)} UTC, ${ago(view.arrived_at, now)}${by ? `, by ${by}` : ""}`]);
  const captions = view.receipts.map((/** @type {any} */ receipt) => receipt.caption).filter(Boolean);
  if (captions.length) rows.push(["Caption", `“${captions[captions.length - 1]}”`]);
  rows.push(["File", view.path], ["Number", String(view.id)]);
  return h("dl", { class: "facts-list" }, rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]).flat());
}

/** @param {any} view @param {number} now */
function values(view, now) {
  const found = /** @type {any[]} */ (view.values);
  if (!found.length) return h("p", { class: "muted" }, NOTHING[view.stage] ?? "It has not been read yet.");
  const marked = found.filter((value) => value.verified !== null);
  const good = marked.filter((value) => value.verified).length;
  const all = good === marked.length;
  const read = view.read_at
    ? `${view.original ? "of the original, " : ""}read ${ago(view.read_at, now)}, reader version ${view.reader}`
    : "";
  const groups = [...new Set(found.map((value) => value.group))];
  return h(
    "div",
    {},
    h(
      "h3",
      {},
      `${good} of ${counted(marked.length, "value")} verified `,
      h("span", { class: all ? "success" : "warning" }, all ? "✓" : "?"),
    ),
    h("p", { class: "muted" }, read),
    h(
      "table",
      { class: "values" },
      h("caption", { class: "unseen" }, "What was read"),
      h(
        "thead",
        { class: "unseen" },
        h(
          "tr",
          {},
          ["Value", "Read", "Verified"].map((name) => h("th", { scope: "col" }, name)),
        ),
      ),
      groups.map((group) =>
        h(
          "tbody",
          {},
          h("tr", {}, h("th", { scope: "rowgroup", colspan: 3, class: "group" }, group)),
          found.filter((value) => value.group === group).map(valueRow),
        ),
      ),
    ),
  );
}

/** @param {any} value */
function valueRow({ name, text, verified, reason }) {
  const doubt = verified === false;
  const state =
    verified === null
      ? h("span", { class: "muted" }, "·")
      : h(
          "span",
          { class: verified ? "success" : "warning" },
          verified ? "✓ verified" : `? ${reason || "not verified"}`,
        );
  return h(
    "tr",
    { class: doubt ? "doubtful" : null },
    h("th", { scope: "row" }, name),
    h("td", { class: "strong" }, text),
    h("td", {}, state),
  );
}

/** @param {any} view */
function attempts(view) {
  if (!view.failures.length) return null;
  const rows = view.failures.map((/** @type {any} */ attempt) =>
    h(
      "li",
      {},
      h("span", { class: "muted" }, `${attempt.at.slice(0, 19).replace("T", " ")} UTC, ${attempt.stage}: `),
      attempt.error,
    ),
  );
  return h("section", {}, h("h3", {}, "Failed attempts"), h("ul", {}, rows));
}
