/** The pictures: what arrived, what became of it, and the one that is open. */

import { ApiError, get, post, query } from "./api.js";
import { notice } from "./dialogs.js";
import { backTo, fill, h, keyed, set, split } from "./dom.js";
import { Loader } from "./loader.js";
import { Paged } from "./paged.js";
import { drawPicture, pictureParts, title } from "./picture.js";
import { uploadButton } from "./upload.js";
import { STAGE_MARKS, ago, mark } from "./words.js";

export class PicturesView {
  name = "pictures";
  title = "Pictures";
  #id = "";
  #shown = "";

  /** @param {HTMLElement} section @param {import("./store.js").Store} store */
  constructor(section, store) {
    this.section = section;
    this.store = store;
    const stages = Object.keys(STAGE_MARKS);
    this.stage = /** @type {HTMLSelectElement} */ (
      h(
        "select",
        { id: "stage" },
        h("option", { value: "" }, "every stage"),
        stages.map((value) => h("option", { value }, value)),
      )
    );
    this.items = h("ul", { class: "rows pictures" });
    this.none = h("p", { class: "muted", hidden: true }, "No picture is like that.");
    this.one = new Loader(section, (signal) => this.#one(signal));
    this.card = h("article", { class: "pane card", "aria-label": "Picture" });
    /** @type {Paged<any>} */
    this.list = new Paged(
      section,
      (page, signal) => this.#list(page, signal),
      (images) => this.#rows(images),
    );
    this.#build();
  }

  #build() {
    this.stage.addEventListener("change", () => this.list.anew());
    this.store.addEventListener("images", () => {
      this.list.soon();
      if (this.#id) this.one.soon();
    });
    const form = h("form", { class: "filters" }, h("label", { for: "stage" }, "Stage"), this.stage, uploadButton());
    const hint = h("p", { class: "muted hint" }, "Pictures can be dropped anywhere on this page.");
    const list = h(
      "div",
      { class: "pane list" },
      form,
      hint,
      this.list.trouble,
      this.none,
      this.items,
      h("p", { class: "buttons" }, this.list.more),
    );
    this.section.append(split(list, backTo("#pictures", "← All pictures"), this.one.trouble, this.card));
  }

  /** @param {string[]} path @param {boolean} entered whether another view was shown before */
  show([id = ""], entered) {
    const other = id !== this.#id;
    this.#id = id;
    set(this.section, "data-open", id ? "" : null);
    if (entered) this.list.again();
    else this.#rows(this.list.items);
    if (other || !id) {
      this.#shown = "";
      fill(
        this.card,
        h(
          "p",
          { class: "muted" },
          id ? `Opening picture ${id} …` : "Choose a picture: it is shown here beside what was read from it.",
        ),
      );
    }
    if (id) this.one.ask();
  }

  /** The path of the first in the list, once it is there. */
  async first() {
    return (await this.list.first())?.id;
  }

  /** @param {string} key */
  key(key) {
    if (key === "f") this.stage.focus();
    else if (key === "t" && this.#id) this.#again("retry", "Picture goes back to the step that failed");
    else if (key === "e" && this.#id) this.#again("reread", "Picture is read again");
    else return false;
    return true;
  }

  /** @param {{limit: number, before: number | undefined}} page @param {AbortSignal} signal */
  async #list(page, signal) {
    return (await get(`/images${query({ stage: this.stage.value, ...page })}`, { signal })).images;
  }

  /** @param {any[]} images */
  #rows(images) {
    this.none.hidden = images.length > 0;
    keyed(
      this.items,
      images,
      (image) => image.id,
      (image) => this.#row(image),
      (element, image) => this.#update(element, image),
    );
  }

  /** @param {any} image */
  #row(image) {
    return h(
      "li",
      {},
      h(
        "a",
        { href: `#pictures/${image.id}` },
        h("span", { class: "stage" }),
        h("strong"),
        h("span", { class: "when muted" }),
        h("span", { class: "reason" }),
      ),
    );
  }

  /** @param {HTMLElement} element @param {any} image */
  #update(element, image) {
    const part = (/** @type {string} */ name) => /** @type {Element} */ (element.querySelector(name));
    const { symbol, word, tone } = mark(STAGE_MARKS, image.stage);
    const doubt = image.verified === false;
    set(part(".stage"), "class", `stage ${doubt && tone === "success" ? "warning" : tone}`);
    fill(part(".stage"), `${doubt && image.stage === "extracted" ? "?" : symbol} ${word}`);
    fill(part("strong"), title(image));
    fill(part(".when"), ago(image.arrived_at, this.store.now()));
    fill(part(".reason"), image.reason ?? (doubt ? "not every value is verified" : ""));
    set(part("a"), "title", image.name);
    set(part("a"), "aria-current", String(image.id) === this.#id ? "true" : null);
  }

  /** @param {AbortSignal} signal */
  async #one(signal) {
    let view;
    try {
      const { image, ...rest } = await get(`/images/${encodeURIComponent(this.#id)}`, { signal });
      view = { ...rest, ...image, failures: rest.attempts };
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      fill(this.card, h("h2", { tabindex: -1 }, `Picture ${this.#id}`), h("p", {}, error.message));
      return;
    }
    const before = this.card.querySelector(".picture:has(canvas)");
    const same = this.#shown === view.sha256;
    this.#shown = view.sha256;
    const actions = {
      retry: () => this.#again("retry", "Picture goes back to the step that failed"),
      reread: () => this.#again("reread", "Picture is read again"),
    };
    const { parts, drawing } = pictureParts(view, this.store.now(), actions);
    fill(this.card, parts);
    if (same && before) drawing.replaceWith(before);
    else await drawPicture(drawing, view, signal);
  }

  /** @param {"retry" | "reread"} what @param {string} done */
  async #again(what, done) {
    try {
      await post(`/images/${encodeURIComponent(this.#id)}/${what}`);
      notice(`${done} (number ${this.#id})`);
      this.one.soon();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      notice(error.message, "error");
    }
  }
}
