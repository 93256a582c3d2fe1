/** Asking the server: one place for the token, the time limit, and errors as sentences. */

import { token } from "./token.js";

const SECONDS = 15;

/** What the server or the way to it refused; the message is a sentence for people. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {number} status the HTTP status; 0 where no answer came
   * @param {number} [retryAfter] seconds after which to ask again
   */
  constructor(message, status, retryAfter = 0) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** Called with each answer 401 or 429, which concern the whole page. @type {(error: ApiError) => void} */
let told = () => {};

/** @param {(error: ApiError) => void} listener */
export function onRefusal(listener) {
  told = listener;
}

/**
 * @param {string} path
 * @param {{accept?: string, signal?: AbortSignal}} [how]
 * @returns {Promise<Response>} an answer that is well
 */
export async function ask(path, { accept = "application/json", signal, ...rest } = {}) {
  return sent(path, { headers: { accept }, signal, ...rest });
}

/**
 * The JSON of a GET.
 * @param {string} path
 * @param {{signal?: AbortSignal}} [how]
 * @returns {Promise<any>}
 */
export async function get(path, how) {
  return (await ask(path, how)).json();
}

/**
 * The JSON of a POST.
 * @param {string} path
 * @param {BodyInit | object} [body] a form, or something that becomes JSON
 * @param {number} [seconds]
 * @returns {Promise<any>}
 */
export async function post(path, body, seconds = SECONDS) {
  /** @type {Record<string, string>} */
  const headers = { accept: "application/json" };
  const plain = body !== undefined && !(body instanceof FormData);
  if (plain) headers["content-type"] = "application/json";
  const content = plain ? JSON.stringify(body) : body;
  const answer = await sent(path, { method: "POST", headers, body: /** @type {BodyInit} */ (content) }, seconds);
  return answer.json();
}

/**
 * The query of a path, without what is empty.
 * @param {Record<string, string | number | boolean | null | undefined>} values
 */
export function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : "";
}

/**
 * @param {string} path
 * @param {RequestInit & {headers: Record<string, string>}} request
 * @param {number} [seconds]
 */
async function sent(path, request, seconds = SECONDS) {
  const limit = AbortSignal.timeout(seconds * 1000);
  const signal = request.signal ? AbortSignal.any([request.signal, limit]) : limit;
  if (token()) request.headers.authorization = `Bearer ${token()}`;
  let answer;
  try {
    answer = await fetch(path, { ...request, signal });
  } catch (error) {
    if (request.signal?.aborted) throw error;
    throw new ApiError(limit.aborted ? `kingtui did not answer within ${seconds} s` : "kingtui does not answer", 0);
  }
  if (answer.ok) return answer;
  const refusal = await refused(answer);
  if (refusal.status === 401 || refusal.status === 429) told(refusal);
  throw refusal;
}

/** @param {Response} answer */
async function refused(answer) {
  let sentence = `kingtui answered ${answer.status}`;
  try {
    const found = (await answer.json()).error;
    if (typeof found === "string" && found) sentence = found;
  } catch {
    // A proxy's page: the status says what there is to say.
  }
  if (answer.status === 403) sentence = `Not allowed: ${sentence}`;
  return new ApiError(sentence, answer.status, Number(answer.headers.get("retry-after")) || 0);
}
