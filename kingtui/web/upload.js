/** Pictures from this device: by button, or dropped anywhere on the page. They go the way of a dropped file. */

import { ApiError, post } from "./api.js";
import { notice } from "./dialogs.js";
import { h } from "./dom.js";
import { counted } from "./words.js";

const SUFFIXES = /\.(jpe?g|png|webp)$/i;
const SECONDS = 120;

/** @returns {HTMLElement} a button with its hidden field */
export function uploadButton() {
  const field = /** @type {HTMLInputElement} */ (
    h("input", {
      type: "file",
      multiple: true,
      accept: "image/png,image/jpeg,image/webp",
      class: "unseen",
      tabindex: -1,
      "aria-hidden": "true",
    })
  );
  field.addEventListener("change", () => {
    upload([...(field.files ?? [])]);
    field.value = "";
  });
  const button = h(
    "button",
    {
      type: "button",
      class: "main upload",
      title: "Add pictures (i); or drop them on this page",
      onclick: () => field.click(),
    },
    "Add pictures …",
  );
  return h("span", {}, button, field);
}

/** Take what is dropped on the page. */
export function takeDrops() {
  let inside = 0;
  const show = (/** @type {boolean} */ over) => document.body.classList.toggle("dropping", over);
  const files = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") ?? false;
  window.addEventListener("dragenter", (event) => files(event) && show(++inside > 0));
  window.addEventListener("dragleave", (event) => files(event) && show(--inside > 0));
  window.addEventListener("dragover", (event) => files(event) && event.preventDefault());
  window.addEventListener("drop", (event) => {
    if (!files(event)) return;
    event.preventDefault();
    show((inside = 0) > 0);
    upload([...(event.dataTransfer?.files ?? [])]);
  });
}

/** One after the other, each with its own outcome. @param {File[]} files */
async function upload(files) {
  let done = 0;
  for (const file of files) {
    if (!SUFFIXES.test(file.name)) {
      notice(`${file.name} is no picture: .jpg, .jpeg, .png and .webp are allowed`, "error");
      continue;
    }
    const form = new FormData();
    form.append("file", file);
    try {
      await post("/images", form, SECONDS);
      done += 1;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      notice(`${file.name}: ${error.message}`, "error");
    }
  }
  if (done) notice(`${counted(done, "picture")} added`);
}
