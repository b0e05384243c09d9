/** Small helpers to make elements; text is always text, never markup. */

export type Child = Node | string | null | undefined | false;

/** An element with attributes and children; keys that start with `on` are listeners, `true` sets a bare attribute. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, unknown> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  dress(element, attributes);
  put(element, ...children);
  return element;
}

/** The same for SVG. */
export function svg(tag: string, attributes: Record<string, unknown> = {}, ...children: Child[]): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  dress(element, attributes);
  put(element, ...children);
  return element;
}

function dress(element: Element, attributes: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value as EventListener);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

function put(element: Element, ...children: Child[]): void {
  for (const child of children) if (child) element.append(child);
}

/** A button. */
export function button(label: string, press: () => void, attributes: Record<string, unknown> = {}): HTMLButtonElement {
  return h("button", { type: "button", onclick: press, ...attributes }, label);
}

/** A labelled control. */
export function field(label: string, control: HTMLElement): HTMLLabelElement {
  return h("label", { class: "field" }, h("span", {}, label), control);
}

/** A choice among values, each with what is shown for it. */
export function select(options: [string, string][], change: () => void): HTMLSelectElement {
  const items = options.map(([value, text]) => h("option", { value }, text));
  return h("select", { onchange: change }, ...items);
}

/** Says something to those who listen to the page, and in the line at its foot. */
export function say(text: string): void {
  const status = document.getElementById("status");
  if (status) status.textContent = text;
}

/** Calls `work` once no call came for `wait` milliseconds. */
export function settled(wait: number, work: () => void): () => void {
  let timer = 0;
  return () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(work, wait);
  };
}
