/**
 * Building elements. Text of others only ever becomes a text node or an attribute: nothing here, nor anywhere in
 * this page, reads a string as markup.
 */

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, unknown>} Props */

/**
 * Text of others without what acts on or reorders the text beside it: controls become U+FFFD, direction marks go.
 * @param {unknown} text
 * @returns {string}
 */
export function plain(text) {
  return String(text)
    .replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, "")
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");
}

/**
 * An HTML element. `onclick: f` listens; true is an empty attribute; false, null and undefined are none.
 * @param {string} tag
 * @param {Props} [props]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElement}
 */
export function h(tag, props = {}, ...children) {
  return /** @type {HTMLElement} */ (filled(document.createElement(tag), props, children));
}

/**
 * An SVG element.
 * @param {string} tag
 * @param {Props} [props]
 * @param {...(Child | Child[])} children
 * @returns {SVGElement}
 */
export function svg(tag, props = {}, ...children) {
  return /** @type {SVGElement} */ (filled(document.createElementNS(SVG, tag), props, children));
}

/**
 * @param {Element} element
 * @param {Props} props
 * @param {(Child | Child[])[]} children
 */
function filled(element, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else set(element, name, value);
  }
  element.append(...nodes(children));
  return element;
}

/**
 * Around a wide table: it scrolls sideways by itself, with the keyboard too.
 * @param {string} label
 * @param {Element} content
 */
export function scrolling(label, content) {
  return h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": label }, content);
}

/**
 * A list beside what is open of it; on a phone one or the other.
 * @param {Element} list
 * @param {...Child} detail
 */
export function split(list, ...detail) {
  return h("div", { class: "split" }, list, h("div", { class: "detail" }, ...detail));
}

/** The way back to the list, where only what is open of it has room. @param {string} href @param {string} words */
export function backTo(href, words) {
  return h("a", { class: "back", href }, words);
}

/**
 * Set an attribute, or take it away.
 * @param {Element} element
 * @param {string} name
 * @param {unknown} value
 */
export function set(element, name, value) {
  if (value === false || value === null || value === undefined) element.removeAttribute(name);
  else {
    const text = value === true ? "" : plain(value);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

/**
 * @param {(Child | Child[])[]} children
 * @returns {(Node | string)[]}
 */
function nodes(children) {
  return children
    .flat()
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : plain(child)));
}

/**
 * Replace what is in an element, unless it is the same text already (a live region would say it again).
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function fill(element, ...children) {
  const fresh = nodes(children);
  if (fresh.every((child) => typeof child === "string") && element.childElementCount === 0) {
    const text = fresh.join("");
    if (element.textContent !== text) element.textContent = text;
    return;
  }
  element.replaceChildren(...fresh);
}

/**
 * Make the children of `parent` those of `items`, keeping the element of each key, so that focus and selection stay.
 * @template T
 * @param {Element} parent
 * @param {T[]} items
 * @param {(item: T) => string | number} key
 * @param {(item: T) => HTMLElement} make called once for a key
 * @param {(element: HTMLElement, item: T) => void} update called each time
 */
export function keyed(parent, items, key, make, update) {
  const before = new Map([...parent.children].map((child) => [/** @type {HTMLElement} */ (child).dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    const element = /** @type {HTMLElement} */ (before.get(name) ?? make(item));
    before.delete(name);
    element.dataset.key = name;
    update(element, item);
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
  for (const gone of before.values()) gone.remove();
}

/**
 * The element of an id that the page itself has.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}
