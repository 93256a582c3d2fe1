/** The activity feed: events in plain words, where many of a sort within 15 seconds become one line. */

import { counted, listed, result } from "./words.js";

const LINES = 100;
const TOGETHER = 15000;
const SHOWN = 3;

/** @typedef {{id: number, at: number, tone: string, text: string, sort: string, names: string[], count: number,
 *   newest: number}} Line */

/** @type {Record<string, [string, string, string]>} */
const ENDS = {
  unknown: ["is not a chart that kingtui knows", "are not charts that kingtui knows", "warning"],
  duplicate: ["is a duplicate", "are duplicates", "plain"],
  quarantined: ["went to Quarantine", "went to Quarantine", "error"],
  missing: ["is gone from its folder", "are gone from their folders", "warning"],
};

export class Feed {
  /** @type {Line[]} oldest first */
  lines = [];
  #last = 0;
  #health = "well";

  /**
   * Begin with what earlier runs did, oldest first; only while nothing else is told.
   * @param {import("./store.js").Run[]} runs
   */
  remember(runs) {
    if (this.lines.length) return;
    for (const run of runs) {
      if (!run.finishedAt || !(run.items || run.error)) continue;
      const what = run.error && !run.items ? run.error : result(run);
      this.#say(run.error ? "warning" : "plain", `Step ${run.step}: ${what}`, Date.parse(run.finishedAt));
    }
  }

  /**
   * Put an event into words.
   * @param {import("./live.js").Frame} event
   * @param {import("./store.js").Run | null} run of an event about one
   */
  take(event, run) {
    const at = Date.parse(event.at ?? "") || Date.now();
    const data = event.data ?? {};
    switch (event.type) {
      case "picture_arrived":
        return this.#gather("arrived", "good", data.name, at);
      case "picture_staged":
        return this.#staged(data, at);
      case "symbol_updated":
        return this.#gather("symbols", "good", data.symbol, at);
      case "report_written":
        return this.#gather("reports", "good", data.symbol, at);
      case "run_finished":
        return run && this.#finished(run, at);
      case "health_changed":
        return this.#healthChanged(data.health, at);
      case "pause_changed":
        return data.paused
          ? this.#say("warning", "Paused: steps run only when you ask", at)
          : this.#say("good", "Resumed: steps run by themselves again", at);
      case "restarted":
        return this.#say("warning", "Restarted: every run was ended, all steps are idle; nothing is lost", at);
      case "notice":
        return this.#say(data.severity === "information" ? "plain" : data.severity, data.text, at);
      case "missed":
        return this.#say("plain", `${counted(data.count, "event")} came too fast to show; the log has them all`, at);
    }
  }

  /** @param {{name: string, stage: string, reason: string | null}} picture @param {number} at */
  #staged(picture, at) {
    if (picture.stage === "analysed") this.#gather("read", "good", picture.name, at);
    else if (Object.hasOwn(ENDS, picture.stage)) {
      this.#gather(picture.stage, ENDS[picture.stage][2], picture.name, at, picture.reason);
    }
  }

  /** What broke comes as a notice; timers without items are no news. @param {import("./store.js").Run} run @param {number} at */
  #finished(run, at) {
    if (run.status === "cancelled") this.#say("warning", `Step ${run.step}: cancelled (run ${run.id})`, at);
    else if (run.status === "success" && (run.items || run.trigger === "manual")) {
      this.#say(run.failed || run.quarantined ? "warning" : "plain", `Step ${run.step}: ${result(run)}`, at);
    }
  }

  /** @param {{word: string, reasons: string[]}} health @param {number} at */
  #healthChanged(health, at) {
    const before = this.#health;
    this.#health = health.word;
    if (health.word === "attention") {
      for (const reason of health.reasons) {
        if (!this.lines.some((line) => line.text.slice(1) === reason.slice(1) && at - line.at < 600000)) {
          this.#say("warning", reason, at);
        }
      }
    } else if (before === "attention") this.#say("good", "All is well again", at);
  }

  /** @param {string} tone @param {string} text @param {number} at */
  #say(tone, text, at) {
    const shown = text.charAt(0).toUpperCase() + text.slice(1);
    this.lines.push({ id: ++this.#last, at, tone, text: shown, sort: "", names: [], count: 1, newest: at });
    if (this.lines.length > LINES) this.lines.shift();
  }

  /** @param {string} sort @param {string} tone @param {string} name @param {number} at @param {string | null} [reason] */
  #gather(sort, tone, name, at, reason = null) {
    let line = this.lines.findLast((each) => each.sort === sort);
    if (!line || at - line.newest > TOGETHER) {
      this.#say(tone, " ", at);
      line = this.lines[this.lines.length - 1];
      Object.assign(line, { sort, count: 0 });
    }
    line.newest = at;
    const ofSymbols = sort === "symbols" || sort === "reports";
    if (ofSymbols ? !line.names.includes(name) : line.names.length < SHOWN) line.names.push(name);
    line.count = ofSymbols ? line.names.length : line.count + 1;
    line.text = words(sort, line.names.slice(0, SHOWN), line.count, reason);
  }
}

/** @param {string} sort @param {string[]} names @param {number} count @param {string | null} reason */
function words(sort, names, count, reason) {
  const some = listed(count > names.length ? [...names, `${count - names.length} more`] : names);
  if (sort === "symbols") return `Updated: ${some}`;
  if (sort === "reports") return count === 1 ? `Report written: ${some}` : `Reports written: ${some}`;
  const [one, many] =
    sort === "arrived" ? ["arrived", "arrived"] : sort === "read" ? ["was read", "were read"] : ENDS[sort];
  if (count > 1) return `${counted(count, "picture")} ${many}`;
  return `${names[0]} ${one}${reason ? `: ${reason}` : ""}`;
}
