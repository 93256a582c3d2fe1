/** Light or dark: the system's choice, or the user's, which this browser keeps. */

import { byId, fill, h } from "./dom.js";

const NAME = "kingtui.theme";
const NEXT = { "": "light", light: "dark", dark: "" };
const GLYPHS = { "": "◐", light: "○", dark: "●" };

/** The next of: as the system, light, dark. */
export function turnTheme() {
  const next = NEXT[chosen()];
  if (next) localStorage.setItem(NAME, next);
  else localStorage.removeItem(NAME);
  showTheme();
}

/** Apply the choice to the page and to the browser's own bars. */
export function showTheme() {
  const theme = chosen();
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  fill(byId("theme"), GLYPHS[theme], h("span", { class: "words" }, ` ${theme || "auto"}`));
  byId("theme").setAttribute("aria-label", `Colours: ${theme || "as the system"}; change`);
  const background = getComputedStyle(document.documentElement).backgroundColor;
  document.querySelector('meta[name="theme-color"]')?.setAttribute("content", background);
}

/** @returns {"" | "light" | "dark"} */
function chosen() {
  const found = localStorage.getItem(NAME);
  return found === "light" || found === "dark" ? found : "";
}
