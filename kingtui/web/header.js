/** The head of the page: health, what feeds it, the API's state, and the banner when what is shown may be old. */

import { byId, fill, h, plain, set } from "./dom.js";
import { button, openDialog } from "./dialogs.js";
import { HEALTH_MARKS, age, ago, counted, grouped, mark, stamp } from "./words.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./live.js").Live} Live */

const CONNECTION = {
  connecting: ["…", "connecting"],
  live: ["●", "live"],
  polling: ["◌", "every 5 s"],
  lost: ["✗", "connection lost"],
};

/** @param {Store} store @param {Live} live */
export function showHeader(store, live) {
  const status = () => showStatus(store);
  const connection = () => showConnection(store, live);
  byId("health").addEventListener("click", () => showWhy(store));
  for (const topic of ["status", "connection", "tick"]) {
    store.addEventListener(topic, status);
    store.addEventListener(topic, connection);
  }
}

/** @param {Store} store */
function showStatus(store) {
  const { status } = store;
  if (!status) return;
  const health = mark(HEALTH_MARKS, status.health);
  const button = byId("health");
  set(button, "class", `health ${health.tone}`);
  fill(button, `${health.symbol} ${health.word}${status.health === "attention" ? ` (${status.reasons.length})` : ""}`);
  byId("demo").hidden = !status.demo;
  byId("paused").hidden = !status.paused;
  fill(byId("clock"), `${stamp(store.now(), store.now(), false)} UTC`);
  fill(byId("version"), `kingtui ${status.version}`);
  const now = store.now();
  const facts = [
    ["source", sources(status, now)],
    ["count", `${grouped(status.pictures_today)} today of ${counted(status.pictures, "picture")}`],
    ["reason", status.health === "attention" ? `▲ ${plain(status.reasons[0] ?? "")}` : ""],
  ];
  const text = facts.map(([, fact]) => fact).join("|");
  const line = byId("facts");
  if (line.dataset.text === text) return;
  line.dataset.text = text;
  line.replaceChildren(...facts.filter(([, fact]) => fact).map(([name, fact]) => h("span", { class: name }, fact)));
}

/**
 * Each source with its last picture; the downloads folder last, and only where it matters. What has a note comes first,
 * and the note before the time: the end of the line may be cut. As in the terminal.
 * @param {any} status @param {number} now
 */
export function sources(status, now) {
  const pulled = status.sources.filter((/** @type {any} */ source) => source.name !== "drop");
  const dropped = status.sources.filter(
    (/** @type {any} */ source) => source.name === "drop" && (source.last_picture_at || !pulled.length),
  );
  return [...pulled, ...dropped]
    .sort((one, other) => Number(!one.note) - Number(!other.note))
    .map((source) => {
      const name = source.name === "drop" ? "Downloads" : plain(source.name[0].toUpperCase() + source.name.slice(1));
      const came = source.last_picture_at ? ago(source.last_picture_at, now) : "no picture yet";
      if (!source.note) return `${name}: ${came}`;
      return `${name}: ▲ ${plain(source.note)}, ${source.last_picture_at ? `last picture ${came}` : came}`;
    })
    .join(" · ");
}

/** @param {Store} store @param {Live} live */
function showConnection(store, live) {
  const { state } = live;
  const [symbol, words] = CONNECTION[state];
  if (byId("connection").dataset.state !== state) {
    byId("connection").dataset.state = state;
    fill(byId("connection"), symbol, h("span", { class: "words" }, ` ${words}`));
    set(byId("connection"), "title", words);
  }
  set(byId("connection"), "class", `connection ${state}`);
  const ms = store.now() - store.heardAt;
  const old = store.heardAt > 0 && state === "lost";
  document.body.classList.toggle("stale", old);
  const banner = byId("banner");
  if (state !== "lost" && state !== "polling") banner.hidden = true;
  else {
    const next = Math.ceil((live.nextTry - Date.now()) / 1000);
    const wait = state === "lost" ? (live.nextTry && next > 0 ? ` Next try in ${next} s.` : " Trying now.") : "";
    if (banner.hidden || banner.dataset.state !== state) fillBanner(banner, state, live);
    const seen = store.heardAt
      ? ` What is shown is from ${stamp(store.heardAt, store.now())} UTC, ${elapsed(ms)}.`
      : "";
    fill(/** @type {Element} */ (banner.querySelector(".age")), state === "lost" ? seen + wait : "");
    banner.hidden = false;
  }
}

/** The sentence is told once; the age beside it changes each second and is not read out. @param {HTMLElement} banner @param {string} state @param {Live} live */
function fillBanner(banner, state, live) {
  banner.dataset.state = state;
  const sentence =
    state === "lost"
      ? "▲ Connection lost: kingtui does not answer."
      : "◌ No live events come through: asking every 5 seconds.";
  const again = h("button", { type: "button", onclick: () => live.now() }, "Try now");
  set(banner, "class", `banner ${state}`);
  banner.replaceChildren(
    h("span", {}, h("strong", {}, sentence), h("span", { class: "age", "aria-live": "off" })),
    again,
  );
}

/** @param {number} ms */
function elapsed(ms) {
  return ms < 60000 ? `${Math.max(0, Math.round(ms / 1000))} s ago` : `${age(ms)} ago`;
}

/** Health and its reasons, the home, the API. @param {Store} store */
export async function showWhy(store) {
  const { status } = store;
  if (!status) return;
  const health = mark(HEALTH_MARKS, status.health);
  /** @param {string} name @param {import("./dom.js").Child} value */
  const row = (name, value) => [h("dt", {}, name), h("dd", {}, value)];
  const reasons = status.reasons.length
    ? h(
        "ul",
        {},
        status.reasons.map((/** @type {string} */ reason) => h("li", {}, reason)),
      )
    : h("p", {}, "No reason to worry.");
  const facts = h(
    "dl",
    { class: "facts-list" },
    row("Source", status.source),
    row("Home", status.home),
    row("API", status.api ?? "off"),
    row("Runs", `${status.history_count} in the history`),
    row("Version", status.version),
    row("Told at", `${stamp(store.heardAt, store.now())} UTC`),
  );
  const title = `Health: ${health.symbol} ${health.word}`;
  await openDialog(title, [reasons, facts], [button("Close", "", { autofocus: true })]);
}
