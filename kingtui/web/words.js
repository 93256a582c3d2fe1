/**
 * Numbers, moments and states in the words of every other face of kingtui. Every mark has a symbol and a word: colour
 * only helps. What is not known is never a zero.
 */

export const NOT_AVAILABLE = "not available";

/** @typedef {{symbol: string, word: string, tone: string}} Mark */

/** @type {Record<string, Mark>} */
export const STEP_MARKS = {
  pending: { symbol: "◇", word: "pending", tone: "warning" },
  running: { symbol: "▶", word: "running", tone: "primary" },
  completed: { symbol: "✓", word: "completed", tone: "success" },
  failed: { symbol: "✗", word: "failed", tone: "error" },
  idle: { symbol: "○", word: "idle", tone: "muted" },
};

/** @type {Record<string, Mark>} */
export const RUN_MARKS = {
  pending: STEP_MARKS.pending,
  running: STEP_MARKS.running,
  success: { symbol: "✓", word: "success", tone: "success" },
  failed: STEP_MARKS.failed,
  timeout: { symbol: "✗", word: "timeout", tone: "error" },
  cancelled: { symbol: "■", word: "cancelled", tone: "warning" },
};

/** @type {Record<string, Mark>} */
export const HEALTH_MARKS = {
  well: { symbol: "●", word: "well", tone: "success" },
  working: { symbol: "▶", word: "working", tone: "primary" },
  attention: { symbol: "▲", word: "attention", tone: "warning" },
  stopped: { symbol: "■", word: "stopped", tone: "error" },
};

/** @type {Record<string, Mark>} */
export const STAGE_MARKS = {
  new: { symbol: "◇", word: "new", tone: "plain" },
  sorted: { symbol: "◇", word: "sorted", tone: "plain" },
  unique: { symbol: "◇", word: "unique", tone: "plain" },
  analysed: { symbol: "◇", word: "analysed", tone: "plain" },
  extracted: { symbol: "✓", word: "extracted", tone: "success" },
  unknown: { symbol: "?", word: "unknown", tone: "warning" },
  duplicate: { symbol: "=", word: "duplicate", tone: "muted" },
  quarantined: { symbol: "✗", word: "quarantined", tone: "error" },
  missing: { symbol: "✗", word: "missing", tone: "warning" },
};

/** @type {Record<string, string>} */
export const KINDS = {
  liquidation_map: "liquidation map",
  liquidation_heatmap: "liquidation heat map",
  short_term_ratio: "short-term ratio",
  long_term_ratio: "long-term ratio",
  rsi_heatmap: "RSI heat map",
};

/**
 * The mark of a word; a word that this page does not know yet stands for itself.
 * @param {Record<string, Mark>} marks
 * @param {string} word
 * @returns {Mark}
 */
export function mark(marks, word) {
  return Object.hasOwn(marks, word) ? marks[word] : { symbol: "·", word: String(word), tone: "plain" };
}

/** @param {number} value @param {number} digits @param {number} least */
function significant(value, digits, least) {
  if (value === 0) return "0";
  const decimals = Math.min(Math.max(least, digits - 1 - Math.floor(Math.log10(Math.abs(value)))), 100);
  const [whole, rest = ""] = Math.abs(value).toFixed(decimals).split(".");
  const kept = rest.replace(/0+$/, "");
  return (value < 0 ? "−" : "") + grouped(Number(whole)) + (kept && `.${kept}`);
}

/**
 * A printed price, six significant digits: `120,260.5`, `0.0000386`.
 * @param {number | null | undefined} value
 */
export function price(value) {
  return Number.isFinite(value) ? significant(/** @type {number} */ (value), 6, 1) : NOT_AVAILABLE;
}

/**
 * A measured price, five significant digits: `117,853`.
 * @param {number | null | undefined} value
 */
export function level(value) {
  return Number.isFinite(value) ? significant(/** @type {number} */ (value), 5, 0) : NOT_AVAILABLE;
}

/**
 * `+3.1%`, `−3.1%`.
 * @param {number | null | undefined} value
 */
export function percent(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NOT_AVAILABLE;
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}%`;
}

/** @param {number} count @param {string} word */
export function counted(count, word) {
  return `${grouped(count)} ${word}${count === 1 ? "" : "s"}`;
}

/** @param {number} count */
export function grouped(count) {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * `just now`, `12 min`, `3 h`, `2 d 4 h`.
 * @param {number} ms
 */
export function age(ms) {
  const minutes = Math.floor(ms / 60000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h`;
  const days = Math.floor(hours / 24);
  return hours % 24 && days < 7 ? `${days} d ${hours % 24} h` : `${days} d`;
}

/**
 * @param {string | null | undefined} at ISO 8601
 * @param {number} now milliseconds
 */
export function ago(at, now) {
  const words = at ? age(now - Date.parse(at)) : "";
  return !words || words === "just now" ? words : `${words} ago`;
}

/**
 * `now`, `in 45 s`, `in 4 min`, `in 1 h 5 min`: never sooner than it will be.
 * @param {string} at
 * @param {number} now
 */
export function until(at, now) {
  const seconds = Math.ceil((Date.parse(at) - now) / 1000);
  if (seconds <= 0) return "now";
  if (seconds < 60) return `in ${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (!hours) return `in ${minutes} min`;
  return minutes % 60 ? `in ${hours} h ${minutes % 60} min` : `in ${hours} h`;
}

/**
 * A duration in seconds: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`; empty where there is none.
 * @param {number | null | undefined} seconds
 */
export function took(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 9.95) return `${Math.max(seconds, 0).toFixed(1)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (!minutes) return `${whole} s`;
  if (minutes < 60) return whole % 60 ? `${minutes} min ${whole % 60} s` : `${minutes} min`;
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
}

/**
 * The time of day in UTC; with its date where that is not today's.
 * @param {string | number} at
 * @param {number} now
 * @param {boolean} [seconds]
 */
export function stamp(at, now, seconds = true) {
  const text = new Date(at).toISOString();
  const today = text.slice(0, 10) === new Date(now).toISOString().slice(0, 10);
  return today ? text.slice(11, seconds ? 19 : 16) : `${text.slice(0, 10)} ${text.slice(11, 16)}`;
}

/**
 * What a run did: `6 done, 1 failed in 1.2 s`, `nothing due`.
 * @param {{done: number, failed: number, quarantined: number, duration: number | null}} run
 */
export function result(run) {
  const parts = [];
  for (const word of /** @type {const} */ (["done", "failed", "quarantined"])) {
    if (run[word]) parts.push(`${grouped(run[word])} ${word}`);
  }
  const time = took(run.duration);
  return parts.length ? parts.join(", ") + (time && ` in ${time}`) : "nothing due";
}

/**
 * `a`, `a and b`, `a, b and c`.
 * @param {string[]} words
 */
export function listed(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
}
