/**
 * kingtui's own Markdown as elements: headings, paragraphs, lists, tables, quotes, rules, code, strong and emphasised
 * text. Everything else, HTML above all, stays the text that it is; links and pictures become their words, those of a
 * picture marked with `data-picture`.
 */

import { h, scrolling } from "./dom.js";

/** @typedef {{text: string, at: number}} Line */

/**
 * @param {string} text
 * @returns {HTMLElement[]}
 */
export function markdown(text) {
  return blocks(text.replace(/\r\n?/g, "\n").split("\n"));
}

/** @param {string[]} lines @returns {HTMLElement[]} */
function blocks(lines) {
  const found = [];
  for (let place = 0; place < lines.length;) {
    const [element, next] = block(lines, place);
    if (element) found.push(element);
    place = next;
  }
  return found;
}

/**
 * The block that begins at a line, and the line behind it.
 * @param {string[]} lines
 * @param {number} at
 * @returns {[HTMLElement | null, number]}
 */
function block(lines, at) {
  const line = lines[at];
  if (!line.trim()) return [null, at + 1];
  const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
  if (heading) return [h(`h${Math.min(heading[1].length + 1, 6)}`, {}, inline(heading[2])), at + 1];
  if (/^(-{3,}|\*{3,})\s*$/.test(line)) return [h("hr"), at + 1];
  if (line.startsWith("```")) return fenced(lines, at);
  if (line.startsWith(">")) return quoted(lines, at);
  if (isRow(line) && /^\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(lines[at + 1] ?? "")) return tabled(lines, at);
  if (ITEM.test(line)) return itemised(lines, at);
  const end = until(lines, at + 1, (each) => !each.trim() || BEGINS.test(each) || isRow(each));
  return [
    h(
      "p",
      {},
      inline(
        lines
          .slice(at, end)
          .map((each) => each.trim())
          .join(" "),
      ),
    ),
    end,
  ];
}

const ITEM = /^\s{0,3}(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;
const BEGINS = /^(#{1,6}\s|>|```|\s{0,3}(?:[-*+]|\d{1,9}[.)])\s)/;

/** @param {string} line */
function isRow(line) {
  return line.trimStart().startsWith("|");
}

/** @param {string[]} lines @param {number} from @param {(line: string) => boolean} ends */
function until(lines, from, ends) {
  let at = from;
  while (at < lines.length && !ends(lines[at])) at++;
  return at;
}

/** @param {string[]} lines @param {number} at @returns {[HTMLElement, number]} */
function fenced(lines, at) {
  const end = until(lines, at + 1, (line) => line.startsWith("```"));
  return [h("pre", {}, h("code", {}, lines.slice(at + 1, end).join("\n"))), end + 1];
}

/** @param {string[]} lines @param {number} at @returns {[HTMLElement, number]} */
function quoted(lines, at) {
  const end = until(lines, at, (line) => !line.startsWith(">"));
  return [h("blockquote", {}, ...blocks(lines.slice(at, end).map((line) => line.replace(/^>\s?/, "")))), end];
}

/** @param {string[]} lines @param {number} at @returns {[HTMLElement, number]} */
function itemised(lines, at) {
  const end = until(lines, at, (line) => !ITEM.test(line));
  const numbered = ITEM.exec(lines[at])?.[1] !== undefined;
  const items = lines.slice(at, end).map((line) => h("li", {}, inline(ITEM.exec(line)?.[2] ?? "")));
  return [h(numbered ? "ol" : "ul", {}, items), end];
}

/** @param {string[]} lines @param {number} at @returns {[HTMLElement, number]} */
function tabled(lines, at) {
  const end = until(lines, at + 2, (line) => !isRow(line));
  const heads = cells(lines[at]);
  const rows = lines.slice(at + 2, end).map((line) =>
    h(
      "tr",
      {},
      cells(line)
        .slice(0, heads.length)
        .map((cell, place) => h(place ? "td" : "th", place ? {} : { scope: "row" }, inline(cell))),
    ),
  );
  const head = h(
    "thead",
    {},
    h(
      "tr",
      {},
      heads.map((cell) => h("th", { scope: "col" }, inline(cell))),
    ),
  );
  return [scrolling(`Table: ${heads[0]}`, h("table", {}, head, h("tbody", {}, rows))), end];
}

/** @param {string} line */
function cells(line) {
  const inner = line
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim());
}

/** An escaped mark, code, a picture, a link, strong and emphasised text. */
const MARKS =
  /\\([!-/:-@[-`{-~])|`([^`]+)`|!?\[((?:[^\]\\]|\\.)*)\]\([^)\s]*\)|\*\*((?:[^*\\]|\\.)+)\*\*|\*((?:[^*\\]|\\.)+)\*|(?<![\w])_((?:[^_\\]|\\.)+)_(?![\w])/g;

/**
 * @param {string} text
 * @returns {(Node | string)[]}
 */
function inline(text) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(MARKS)) {
    found.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    const [, escaped, code, words, strong, starred, underlined] = match;
    if (escaped !== undefined) found.push(escaped);
    else if (code !== undefined) found.push(h("code", {}, code));
    else if (words !== undefined) {
      found.push(h("span", { class: "muted", "data-picture": match[0].startsWith("!") ? "" : null }, inline(words)));
    }
    else if (strong !== undefined) found.push(h("strong", {}, inline(strong)));
    else found.push(h("em", {}, inline(starred ?? underlined)));
  }
  return [...found, text.slice(end)];
}
