/** The six steps as cards: what each does now, what waits, its last run, when and why it runs next. */

import { fill, h, keyed, set } from "./dom.js";
import { runOf } from "./store.js";
import { RUN_MARKS, STEP_MARKS, ago, counted, grouped, mark, result, until } from "./words.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {{trigger: (step: number) => void, cancel: (step: number) => void}} Actions */

/** What makes a step run where no timer does. @type {Record<number, string>} */
const FED_BY = {
  1: "when you ask",
  2: "on new pictures",
  3: "after step 2",
  4: "after step 3",
  5: "after step 4",
  6: "after step 5",
};

/** @param {Store} store @param {Actions} actions */
export function stepCards(store, actions) {
  const list = h("ol", { class: "steps", "aria-label": "Steps" });
  const show = () => {
    if (!store.status) return;
    const steps = Object.entries(store.status.steps).map(([key, step]) => ({ ...step, number: Number(key.slice(5)) }));
    keyed(
      list,
      steps,
      (step) => step.number,
      (step) => card(step, actions),
      (element, step) => update(element, step, store),
    );
  };
  store.addEventListener("status", show);
  store.addEventListener("tick", show);
  return list;
}

/** @param {any} step @param {Actions} actions */
function card(step, actions) {
  const { number, name } = step;
  return h(
    "li",
    { class: "step pane" },
    h(
      "div",
      { class: "line" },
      h("h3", {}, h("span", { class: "number" }, number), h("span", { class: "title", title: step.script }, name)),
      h("p", { class: "state" }),
    ),
    h("progress", { "aria-label": `Progress of step ${number}`, max: 1, value: 0 }),
    h("p", { class: "last" }),
    h(
      "div",
      { class: "line" },
      h("p", { class: "next" }),
      h(
        "p",
        { class: "buttons" },
        h(
          "button",
          {
            type: "button",
            class: "run",
            title: `Run step ${number} now (${number})`,
            onclick: () => actions.trigger(number),
          },
          "Run",
          h("span", { class: "unseen" }, ` step ${number}: ${name}`),
        ),
        h(
          "button",
          {
            type: "button",
            class: "cancel",
            title: "End its run and hold the step (x)",
            onclick: () => actions.cancel(number),
          },
          "Cancel",
          h("span", { class: "unseen" }, ` step ${number}: ${name}`),
        ),
      ),
    ),
  );
}

/** @param {HTMLElement} element @param {any} step @param {Store} store */
function update(element, step, store) {
  const part = (/** @type {string} */ name) => /** @type {HTMLElement} */ (element.querySelector(name));
  const now = store.now();
  const { symbol, word, tone } = mark(STEP_MARKS, step.status);
  set(element, "data-status", step.status);
  set(part(".state"), "class", `state ${tone}`);
  fill(part(".state"), `${symbol} ${word}`);
  const bar = part("progress");
  const { progress } = step;
  const runs = step.status === "running";
  bar.classList.toggle("still", !runs);
  set(bar, "aria-hidden", runs ? null : "true");
  if (runs && !progress?.total) bar.removeAttribute("value");
  else set(bar, "value", runs ? Math.min(1, progress.done / progress.total) : 0);
  fill(part(".last"), ...last(step, now));
  fill(part(".next"), ...next(step, store.status.paused, now));
  /** @type {HTMLButtonElement} */ (part(".cancel")).disabled = !runs && step.status !== "pending";
}

/** @param {any} step @param {number} now */
function last(step, now) {
  const { progress } = step;
  if (step.status === "running" && progress?.total) {
    return [`${grouped(progress.done)}/${grouped(progress.total)} `, h("span", { class: "muted" }, progress.note)];
  }
  if (step.status === "running" || step.status === "pending") return [`run ${step.run_id ?? ""} begins`];
  if (!step.last_run) return [h("span", { class: "muted" }, "never run")];
  const run = runOf(step.last_run);
  const { symbol, tone } = mark(RUN_MARKS, run.status);
  const what = run.error && run.status !== "success" ? run.error : result(run);
  const times = run.count > 1 ? ` (${counted(run.count, "run")} like it)` : "";
  return [
    h("span", { class: tone }, symbol, " "),
    h("span", { class: "muted" }, `${ago(run.finishedAt, now)}: `),
    what,
    h("span", { class: "muted" }, times),
  ];
}

/** What waits, when it runs next, and why it does not run although there is work. @param {any} step @param {boolean} paused @param {number} now */
function next(step, paused, now) {
  const waiting = [
    step.backlog && `${grouped(step.backlog)} due`,
    step.waiting && `${grouped(step.waiting)} later`,
  ].filter(Boolean);
  const backlog = h("span", { class: waiting.length ? "backlog" : "backlog muted" }, waiting.join(", ") || "none due");
  return [
    backlog,
    h("span", { class: "muted" }, " · "),
    runsNext(step, paused, now),
    step.waits && h("span", { class: "waits" }, step.waits),
  ];
}

/** @param {any} step @param {boolean} paused @param {number} now */
function runsNext(step, paused, now) {
  if (step.status === "running") return h("span", { class: "primary" }, "runs now");
  if (step.status === "pending") return h("span", { class: "primary" }, "runs at once");
  if (step.held || paused) return h("span", { class: "warning" }, "runs when you ask");
  if (step.next_trigger) return `runs ${until(step.next_trigger, now)}`;
  return h("span", { class: "muted" }, `runs ${FED_BY[step.number] ?? ""}`);
}
