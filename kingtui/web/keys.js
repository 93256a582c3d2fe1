/** The keys, the same as the terminal dashboard's. They can be switched off: some speak to their computers. */

import { button, openDialog } from "./dialogs.js";
import { h } from "./dom.js";

const NAME = "kingtui.keys";
const PLACES = { h: "home", s: "symbols", e: "reports", r: "history", p: "pictures" };

/** @type {[string, string][]} */
const HELP = [
  ["1 … 6", "run this step now"],
  ["p", "pause, and resume"],
  ["x", "end a run that is at work; asks"],
  ["r", "restart: end every run; asks"],
  ["/", "look a symbol up; in the reports, find one symbol's"],
  ["g, then h s e r p", "go to home, symbols, reports, history, pictures"],
  ["j k", "the next and the one before, in a list"],
  ["z", "how much of the map the plot shows"],
  ["v", "a symbol's report"],
  ["f", "filter the list of this view"],
  ["t e", "try the open picture again; read it again"],
  ["i", "add pictures"],
  ["w", "health and its reasons"],
  ["T", "light or dark"],
  ["Esc", "back; close"],
  ["?", "these keys"],
];

/** @typedef {Record<string, () => void>} Commands by key */

/**
 * @param {Commands} commands of everywhere
 * @param {() => {key: (key: string) => boolean}} view the one that is shown
 */
export function listenKeys(commands, view) {
  let going = 0;
  window.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || document.querySelector("dialog[open]"))
      return;
    if (event.key === "Escape") return leave(target, commands);
    if (target.closest("input, select, textarea, [contenteditable]") || !keysOn()) return;
    const went = Date.now() - going < 2000;
    going = 0;
    if (went && Object.hasOwn(PLACES, event.key))
      location.hash = `#${PLACES[/** @type {keyof typeof PLACES} */ (event.key)]}`;
    else if (event.key === "g") going = Date.now();
    else if (event.key === "j" || event.key === "k") move(event.key === "j" ? 1 : -1);
    else if (!view().key(event.key)) {
      if (!Object.hasOwn(commands, event.key)) return;
      commands[event.key]();
    }
    event.preventDefault();
  });
}

/** @param {HTMLElement} target @param {Commands} commands */
function leave(target, commands) {
  if (target.matches("input, select")) target.blur();
  else commands.Escape();
}

/** The next link of the list that is shown, or the one before. @param {number} by */
function move(by) {
  const links = [...document.querySelectorAll("section:not([hidden]) :is(.list, .newest) :is(tbody, .rows) a")];
  const here = links.indexOf(/** @type {Element} */ (document.activeElement));
  const next = links[here < 0 ? 0 : Math.max(0, Math.min(links.length - 1, here + by))];
  /** @type {HTMLElement | undefined} */ (next)?.focus();
}

/** Show the keys, and let them be switched off. */
export async function showKeys() {
  const on = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", checked: keysOn() }));
  on.addEventListener("change", () => (on.checked ? localStorage.removeItem(NAME) : localStorage.setItem(NAME, "off")));
  const list = h(
    "dl",
    { class: "keys" },
    HELP.map(([keys, what]) => [h("dt", {}, h("kbd", {}, keys)), h("dd", {}, what)]).flat(),
  );
  const links = h("p", { class: "muted" }, "For programs: ", h("a", { href: "/docs" }, "the API"), ".");
  await openDialog(
    "Keys",
    [list, h("p", {}, h("label", {}, on, " Single keys work on this page")), links],
    [button("Close", "", { autofocus: true })],
    "wide",
  );
}

function keysOn() {
  return localStorage.getItem(NAME) !== "off";
}
