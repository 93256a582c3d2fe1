/** Windows: a question before what cannot be undone, the token, health and its reasons, the keys; and short notices. */

import { byId, h } from "./dom.js";
import { keepToken, remembered, sendable, token } from "./token.js";

/**
 * Show a window and wait until it is closed; focus goes back to where it was.
 * @param {string} title
 * @param {(import("./dom.js").Child | import("./dom.js").Child[])[]} content
 * @param {HTMLElement[]} buttons each a submit button whose value the promise gives
 * @param {string} [name] a class
 * @returns {Promise<{value: string, form: HTMLFormElement}>} an empty value: left with Escape
 */
export function openDialog(title, content, buttons, name = "") {
  const form = /** @type {HTMLFormElement} */ (
    h("form", { method: "dialog" }, ...content, h("p", { class: "buttons" }, buttons))
  );
  const dialog = /** @type {HTMLDialogElement} */ (
    h("dialog", { class: name, "aria-labelledby": "dialog-title" }, h("h2", { id: "dialog-title" }, title), form)
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve({ value: dialog.returnValue, form });
    });
  });
}

/** @param {string} text @param {string} value @param {import("./dom.js").Props} [props] */
export function button(text, value, props = {}) {
  return h("button", { type: "submit", value, ...props }, text);
}

/**
 * Ask before something is done. The focus is on leaving it.
 * @param {string} question
 * @param {string} consequence
 * @param {string} yes what the button says
 * @returns {Promise<boolean>}
 */
export async function confirmed(question, consequence, yes) {
  const buttons = [button("Leave it", "", { autofocus: true }), button(yes, "yes", { class: "danger" })];
  return (await openDialog(question, [h("p", {}, consequence)], buttons)).value === "yes";
}

let asking = false;

/**
 * Ask for a token; true where one was given. Asks once, however many requests were refused.
 * @param {string} why the server's sentence
 * @returns {Promise<boolean>}
 */
export async function askToken(why) {
  if (asking) return false;
  asking = true;
  const field = h("input", {
    id: "token",
    name: "token",
    type: "password",
    required: true,
    autocomplete: "off",
    spellcheck: "false",
    autofocus: true,
    "aria-describedby": "token-why",
  });
  field.addEventListener("input", () => {
    const input = /** @type {HTMLInputElement} */ (field);
    input.setCustomValidity(sendable(input.value.trim()) ? "" : "A token has only letters, digits and . _ ~ + / = -");
  });
  const remember = h("input", { type: "checkbox", name: "remember", checked: remembered() });
  const content = [
    h("p", { id: "token-why" }, why + ". ", h("code", {}, "kingtui token create"), " makes a token."),
    h("p", { class: "field" }, h("label", { for: "token" }, "Token"), field),
    h("p", {}, h("label", {}, remember, " Remember it in this browser, not only in this tab")),
  ];
  const forget = token() ? [button("Forget the one kept", "forget", { formnovalidate: true })] : [];
  const later = button("Not now", "", { formnovalidate: true });
  const { value, form } = await openDialog("kingtui asks for a token", content, [
    later,
    ...forget,
    button("Use it", "use", { class: "main" }),
  ]);
  asking = false;
  if (!value) return false;
  const given = new FormData(form);
  keepToken(value === "use" ? String(given.get("token")).trim() : "", given.has("remember"));
  return true;
}

/**
 * Say something in a corner for some seconds; an error stays longer and is told at once.
 * @param {string} text
 * @param {"good" | "error"} [tone]
 */
export function notice(text, tone = "good") {
  const close = h("button", { type: "button", class: "quiet", "aria-label": "Close this notice" }, "×");
  const shown = h("p", { class: `notice ${tone}` }, h("span", {}, tone === "error" ? "✗ " : "✓ ", text), close);
  close.addEventListener("click", () => shown.remove());
  const box = byId(tone === "error" ? "alarms" : "notices");
  box.append(shown);
  while (box.childElementCount > 4) box.firstElementChild?.remove();
  setTimeout(() => shown.remove(), tone === "error" ? 20000 : 6000);
}
