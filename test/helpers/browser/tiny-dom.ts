/** As much of a browser's page as the script of a page of `ts-imagefs usage --html` needs: no layout, no style. */

type Listener = (event: Record<string, unknown>) => void;

/** An element. */
export class TinyElement {
  readonly tag: string;
  readonly attributes = new Map<string, string>();
  children: (TinyElement | string)[] = [];
  value = "";
  title = "";
  clientWidth = 1000;
  clientHeight = 500;
  readonly #listeners = new Map<string, Listener[]>();

  constructor(tag: string) {
    this.tag = tag;
  }

  get textContent(): string {
    return this.children.map((child) => (typeof child === "string" ? child : child.textContent)).join("");
  }

  set textContent(text: string) {
    this.children = text === "" ? [] : [text];
  }

  get className(): string {
    return this.attributes.get("class") ?? "";
  }

  get dataset(): { node: string | undefined } {
    return { node: this.attributes.get("data-node") };
  }

  append(...children: (TinyElement | string)[]): void {
    this.children.push(...children);
  }

  replaceChildren(...children: (TinyElement | string)[]): void {
    this.children = children;
  }

  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
  }

  /** For what is asked of a box itself. */
  closest(selector: string): TinyElement | null {
    return this.className.split(" ").includes(selector.slice(1)) ? this : null;
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  dispatch(type: string, event: Record<string, unknown> = {}): void {
    for (const listener of this.#listeners.get(type) ?? []) listener({ target: this, preventDefault() {}, ...event });
  }

  /** All elements below it with a class or a tag. */
  all(name: string): TinyElement[] {
    const elements = this.children.filter((child) => typeof child !== "string");
    return elements.flatMap((child) => [
      ...(child.tag === name || child.className.split(" ").includes(name) ? [child] : []),
      ...child.all(name),
    ]);
  }

  querySelector(): null {
    return null;
  }
}

/** A page with elements by their ids; what a script of it sees as global. */
export class TinyPage {
  readonly elements = new Map<string, TinyElement>();
  readonly #document = new TinyElement("document");
  readonly #window = new TinyElement("window");
  #hash: string;

  constructor(ids: readonly string[], hash = "") {
    for (const id of ids) this.elements.set(id, new TinyElement("div"));
    this.#hash = hash;
  }

  get hash(): string {
    return this.#hash;
  }

  /** Goes to another place of the page, as a click on a link does. */
  set hash(hash: string) {
    this.#hash = hash === "" || hash.startsWith("#") ? hash : `#${hash}`;
    this.#window.dispatch("hashchange");
  }

  press(key: string): void {
    this.#document.dispatch("keydown", { key });
  }

  get globals(): Record<string, unknown> {
    return {
      document: Object.assign(this.#document, {
        getElementById: (id: string) => this.elements.get(id),
        createElement: (tag: string) => new TinyElement(tag),
        activeElement: null,
      }),
      location: this,
      addEventListener: (type: string, listener: Listener) => this.#window.addEventListener(type, listener),
      HTMLElement: TinyElement,
    };
  }
}
