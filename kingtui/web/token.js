/** The token that this page shows the server: for this tab, or remembered by the browser where its user asks for it. */

const NAME = "kingtui.token";

/** @returns {string} empty where there is none */
export function token() {
  return kept(sessionStorage) || kept(localStorage);
}

/** @returns {boolean} whether the browser remembers it beyond this tab */
export function remembered() {
  return kept(localStorage) !== "";
}

/**
 * Keep a token; an empty one forgets.
 * @param {string} text
 * @param {boolean} remember
 */
export function keepToken(text, remember) {
  sessionStorage.removeItem(NAME);
  localStorage.removeItem(NAME);
  if (text) (remember ? localStorage : sessionStorage).setItem(NAME, text);
}

/**
 * Whether a text can be sent as a token at all: a header and a WebSocket's subprotocol bear no others.
 * @param {string} text
 */
export function sendable(text) {
  return /^[A-Za-z0-9._~+/=-]+$/.test(text);
}

/** @param {Storage} storage */
function kept(storage) {
  const found = storage.getItem(NAME) ?? "";
  return sendable(found) ? found : "";
}
