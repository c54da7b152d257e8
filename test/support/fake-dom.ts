/** As much of a browser's document as the page's parts need: elements, attributes, text, order, clicks. */

type Listener = (event: FakeEvent) => void;

export class FakeEvent {
  readonly type: string;
  prevented = false;

  constructor(type: string) {
    this.type = type;
  }

  preventDefault(): void {
    this.prevented = true;
  }
}

export class FakeText {
  readonly data: string;
  parent: FakeElement | undefined;

  constructor(data: string) {
    this.data = data;
  }

  get textContent(): string {
    return this.data;
  }

  remove(): void {
    this.parent?.drop(this);
  }
}

type FakeNode = FakeElement | FakeText;

export class FakeElement {
  readonly tag: string;
  readonly attributes = new Map<string, string>();
  readonly nodes: FakeNode[] = [];
  readonly listeners = new Map<string, Listener[]>();
  parent: FakeElement | undefined;
  value = "";
  /** Of a dialog: which button closed it. */
  returnValue = "";
  /** How often the text was set: what does not change must not be touched. */
  writes = 0;

  constructor(tag: string) {
    this.tag = tag;
  }

  get children(): FakeElement[] {
    return this.nodes.filter((node): node is FakeElement => node instanceof FakeElement);
  }

  get firstElementChild(): FakeElement | null {
    return this.children[0] ?? null;
  }

  get nextElementSibling(): FakeElement | null {
    const siblings = this.parent?.children ?? [];
    return siblings[siblings.indexOf(this) + 1] ?? null;
  }

  get textContent(): string {
    return this.nodes.map((node) => node.textContent).join("");
  }

  set textContent(text: string) {
    this.writes += 1;
    this.nodes.splice(0);
    if (text !== "") this.append(text);
  }

  get isConnected(): boolean {
    return this.parent !== undefined;
  }

  /** As `data-name` attributes. */
  get dataset(): Record<string, string | undefined> {
    return Object.fromEntries([...this.attributes].map(([name, value]) => [name.replace(/^data-/, ""), value]));
  }

  get open(): boolean {
    return this.attributes.has("open");
  }

  readonly classList = {
    add: (name: string) => this.setAttribute("class", `${this.getAttribute("class") ?? ""} ${name}`.trim()),
    remove: (name: string) =>
      this.setAttribute(
        "class",
        (this.getAttribute("class") ?? "")
          .split(" ")
          .filter((known) => known !== name)
          .join(" "),
      ),
  };

  append(...nodes: readonly (FakeNode | string)[]): void {
    for (const node of nodes) this.insert(typeof node === "string" ? new FakeText(node) : node, this.nodes.length);
  }

  insertBefore(node: FakeElement, before: FakeElement | null): void {
    node.remove();
    this.insert(node, before ? this.nodes.indexOf(before) : this.nodes.length);
  }

  replaceChildren(...nodes: readonly (FakeNode | string)[]): void {
    this.nodes.splice(0);
    this.append(...nodes);
  }

  remove(): void {
    this.parent?.drop(this);
  }

  drop(node: FakeNode): void {
    const at = this.nodes.indexOf(node);
    if (at >= 0) this.nodes.splice(at, 1);
    node.parent = undefined;
  }

  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
  }

  getAttribute(name: string): string | null {
    return this.attributes.get(name) ?? null;
  }

  hasAttribute(name: string): boolean {
    return this.attributes.has(name);
  }

  removeAttribute(name: string): void {
    this.attributes.delete(name);
  }

  addEventListener(type: string, listener: Listener): void {
    this.listeners.set(type, [...(this.listeners.get(type) ?? []), listener]);
  }

  getBoundingClientRect(): void {
    // Asked for only to restart an animation.
  }

  focus(): void {
    FakeElement.focused = this;
  }

  showModal(): void {
    this.setAttribute("open", "");
  }

  /** Closes a dialog as its button with this value would. */
  close(value: string): void {
    this.removeAttribute("open");
    this.returnValue = value;
    this.fire("close");
  }

  select(): void {
    this.focus();
  }

  static focused: FakeElement | undefined;

  // For tests.

  fire(type: string): FakeEvent {
    const event = new FakeEvent(type);
    for (const listener of this.listeners.get(type) ?? []) listener(event);
    return event;
  }

  /** All elements in here, outermost first. */
  *all(): Iterable<FakeElement> {
    for (const child of this.children) {
      yield child;
      yield* child.all();
    }
  }

  /** The elements with this tag or `.class`. */
  find(what: string): FakeElement[] {
    const fits = ({ tag, attributes }: FakeElement) =>
      what.startsWith(".") ? (attributes.get("class") ?? "").split(" ").includes(what.slice(1)) : tag === what;
    return [...this.all()].filter(fits);
  }

  /** Whether neither this nor anything around it is hidden. */
  get visible(): boolean {
    return !this.hasAttribute("hidden") && (this.parent?.visible ?? true);
  }

  /** The text that somebody would see, parts separated by blanks. */
  get shown(): string {
    if (this.hasAttribute("hidden")) return "";
    return this.nodes
      .map((node) => (node instanceof FakeText ? node.data : node.shown))
      .filter((text) => text !== "")
      .join(" ");
  }

  private insert(node: FakeNode, at: number): void {
    node.remove();
    node.parent = this;
    this.nodes.splice(at, 0, node);
  }
}

export const fakeDocument = {
  body: new FakeElement("body"),
  createElement: (tag: string) => new FakeElement(tag),
  createElementNS: (_: string, tag: string) => new FakeElement(tag),
};

/** The fake behind an element that a part of the page made. @throws Error if it is none. */
export function fake(element: unknown): FakeElement {
  if (element instanceof FakeElement) return element;
  throw new Error("not made with the fake document");
}
