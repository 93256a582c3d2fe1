/** The page as a whole: its views and their addresses, the live channel, keys, and the token when it is asked for. */

import { Actions } from "./actions.js";
import { onRefusal } from "./api.js";
import { askToken, notice } from "./dialogs.js";
import { byId, set } from "./dom.js";
import { showHeader, showWhy } from "./header.js";
import { HistoryView } from "./history.js";
import { HomeView } from "./home.js";
import { listenKeys, showKeys } from "./keys.js";
import { Live } from "./live.js";
import { PicturesView } from "./pictures.js";
import { ReportsView } from "./reports.js";
import { Store } from "./store.js";
import { SymbolsView } from "./symbols.js";
import { showTheme, turnTheme } from "./theme.js";
import { takeDrops } from "./upload.js";

const store = new Store();
const live = new Live();
const actions = new Actions(store);
const part = (/** @type {string} */ name) => byId(`view-${name}`);
const views = [
  new HomeView(part("home"), store, actions),
  new SymbolsView(part("symbols"), store),
  new ReportsView(part("reports"), store),
  new HistoryView(part("history"), store, actions),
  new PicturesView(part("pictures"), store),
];
/** @type {(typeof views)[number] | null} */
let shown = null;

/** Show what the address names. @param {boolean} [moved] whether a person went there: the focus follows */
function go(moved = true) {
  const [name, ...rest] = location.hash.slice(1).split("/").map(decoded);
  if (name === "main") return byId("main").focus();
  const view = views.find((each) => each.name === name) ?? views[0];
  const other = view !== shown;
  shown = view;
  for (const each of views) part(each.name).hidden = each !== view;
  for (const link of document.querySelectorAll(".places a"))
    set(link, "aria-current", link.getAttribute("href") === `#${view.name}` ? "page" : null);
  document.title = `${[rest[0], view.title].filter(Boolean).join(" · ")} · kingtui`;
  view.show(rest, other);
  openFirst();
  if (other) window.scrollTo(0, 0);
  if (moved && other) byId("main").focus({ preventScroll: true });
  if (moved && rest[0] && !wide()) window.scrollTo(0, 0);
}

/** Whether a list and what is open of it stand side by side. */
function wide() {
  return matchMedia("(min-width: 900px)").matches;
}

/** Where there is room, the first of a list is opened: nobody wants to see an empty pane. */
async function openFirst() {
  const { hash } = location;
  const name = shown?.name;
  if (!wide() || hash !== `#${name}`) return;
  const path = await shown?.first();
  if (path && location.hash === hash) {
    window.history.replaceState(null, "", `#${name}/${path}`);
    go(false);
  }
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** One level up: from what is open to its list, from there home; where both stand side by side, home. */
function back() {
  const [name, open] = location.hash.slice(1).split("/");
  location.hash = open && !wide() ? `#${name}` : "#home";
}

let told = 0;
onRefusal(async (error) => {
  if (error.status === 429) {
    if (Date.now() - told > 30000) notice(`${error.message}: what is shown is refreshed again later`, "error");
    told = Date.now();
  } else if (await askToken(error.message)) {
    live.again();
    go(false);
  }
});

/** @type {import("./keys.js").Commands} */
const commands = {
  ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((step) => [String(step), () => actions.trigger(step)])),
  p: actions.pause,
  x: () => actions.cancelSome(),
  r: actions.restart,
  "/": () => {
    location.hash = "#symbols";
    setTimeout(() => byId("find").focus());
  },
  "?": showKeys,
  w: () => showWhy(store),
  T: turnTheme,
  i: () => {
    location.hash = "#pictures";
    setTimeout(() => /** @type {HTMLElement} */ (document.querySelector(".upload")).click());
  },
  Escape: back,
};

showTheme();
byId("theme").addEventListener("click", turnTheme);
byId("help").addEventListener("click", showKeys);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showTheme);
showHeader(store, live);
listenKeys(commands, () => shown ?? views[0]);
takeDrops();
window.addEventListener("hashchange", () => go());
go(false);
store.follow(live);
live.start();
if ("serviceWorker" in navigator && isSecureContext) {
  navigator.serviceWorker
    .register("/service-worker.js")
    .catch((error) => console.warn("no service worker:", error.message));
}
