/** What a person does to the steps: each answer, also a refusal, is told. */

import { ApiError, post } from "./api.js";
import { button, confirmed, notice, openDialog } from "./dialogs.js";
import { h } from "./dom.js";

export class Actions {
  /** @param {import("./store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.pause = this.pause.bind(this);
    this.restart = this.restart.bind(this);
  }

  /** @param {number} step */
  trigger(step) {
    return this.#do(`/trigger/${step}`, (found) => `${found.message}: run ${found.run_id}`);
  }

  /** @param {number} step */
  async cancel(step) {
    const yes = await confirmed(
      `Cancel step ${step}?`,
      "Its run ends, and the step waits for you or a new item. Nothing is lost: what is not done stays due.",
      "Cancel the run",
    );
    if (yes)
      await this.#do(`/cancel/${step}`, (found) =>
        found.cancelled ? `Step ${step} cancelled` : `Step ${step}: nothing ran or waited`,
      );
  }

  /** Ask which run to end where several are at work. */
  async cancelSome() {
    const steps = Object.entries(this.store.status?.steps ?? {}).filter(([, step]) =>
      ["running", "pending"].includes(/** @type {any} */ (step).status),
    );
    if (!steps.length) return notice("No run is at work");
    const numbers = steps.map(([name]) => Number(name.slice(5)));
    if (numbers.length === 1) return this.cancel(numbers[0]);
    const buttons = [
      button("None", "", { autofocus: true }),
      ...numbers.map((step) => button(`Step ${step}`, String(step))),
    ];
    const { value } = await openDialog("Cancel which step?", [h("p", {}, "Several are at work.")], buttons);
    if (value) await this.cancel(Number(value));
  }

  pause() {
    const paused = this.store.status?.paused;
    return this.#do(paused ? "/resume" : "/pause", (found) =>
      found.paused ? "Paused: steps run only when you ask" : "Resumed: steps run by themselves again",
    );
  }

  async restart() {
    const yes = await confirmed(
      "Restart the orchestration?",
      "Every run ends as cancelled and all steps become idle. No data is lost, and a pause stays.",
      "Restart",
    );
    if (yes) await this.#do("/restart", (found) => found.message);
  }

  /** @param {string} path @param {(found: any) => string} words */
  async #do(path, words) {
    try {
      notice(words(await post(path)));
      this.store.refresh();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      notice(error.message, "error");
    }
  }
}
