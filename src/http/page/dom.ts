/** Making elements, and changing only what changed: focus, selection and scroll stay where they are. */

type Child = Node | string | undefined | false;
type Attributes = Readonly<Record<string, string | number | boolean | ((event: Event) => void) | undefined>>;

/** An element: attributes that are functions listen (`onclick`), booleans are there or not. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return filled(document.createElement(tag), attributes, children);
}

/** A paragraph that says something besides. */
export const quiet = (...children: readonly Child[]) => h("p", { class: "quiet" }, ...children);
/** A button that does something here and now. */
export const press = (look: string, onclick: () => void, ...children: readonly Child[]) =>
  h("button", { type: "button", class: look, onclick }, ...children);
/** Takes the room that is left in a line. */
export const spring = () => h("span", { class: "spring" });
/** Where is said what went wrong. */
export const alarm = () => h("p", { class: "error", role: "alert" });

const SVG = "http://www.w3.org/2000/svg";

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else attr(element, name, value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

export function attr(element: Element, name: string, value: string | number | boolean | undefined): void {
  if (value === undefined || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/** Returns whether the text changed. */
export function setText(element: Element, text: string): boolean {
  if (element.textContent === text) return false;
  element.textContent = text;
  return true;
}

export function show(element: HTMLElement | SVGElement, visible: boolean): void {
  attr(element, "hidden", !visible);
}

/** Marks an element as just changed; the style sheet decides how that looks, and whether at all. */
export function flash(element: Element): void {
  element.classList.remove("changed");
  // Reading a layout property restarts the animation.
  element.getBoundingClientRect();
  element.classList.add("changed");
}

/** A part of the page that can be brought up to date. */
export interface Part<T> {
  readonly element: Element;
  update(data: T): void;
}

/** A list that keeps the elements of the items that stay. */
export class List<T> {
  readonly #parent: Element;
  readonly #keyOf: (item: T) => string;
  readonly #create: (item: T) => Part<T>;
  readonly #parts = new Map<string, Part<T>>();

  constructor(parent: Element, keyOf: (item: T) => string, create: (item: T) => Part<T>) {
    this.#parent = parent;
    this.#keyOf = keyOf;
    this.#create = create;
  }

  update(items: readonly T[]): void {
    const keys = new Set(items.map(this.#keyOf));
    for (const [key, part] of this.#parts) {
      if (keys.has(key)) continue;
      part.element.remove();
      this.#parts.delete(key);
    }
    let next = this.#parent.firstElementChild;
    for (const item of items) {
      const part = this.#part(item);
      part.update(item);
      if (part.element === next) next = next.nextElementSibling;
      else this.#parent.insertBefore(part.element, next);
    }
  }

  #part(item: T): Part<T> {
    const key = this.#keyOf(item);
    const known = this.#parts.get(key);
    if (known) return known;
    const part = this.#create(item);
    this.#parts.set(key, part);
    return part;
  }
}
