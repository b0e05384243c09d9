/** A map of tunes with what is done on it: colours, a search, a ring, a list of what was chosen. */

import * as api from "./api.ts";
import { button, field, h, say, select, settled } from "./dom.ts";
import { fill } from "./find.ts";
import { parsed } from "./notation.ts";
import { play, playButton, stop } from "./player.ts";
import { boundsOf, Plot } from "./plot.ts";

/** Tunes that are listed of a selection. */
const LISTED = 100;

export class Atlas {
  private readonly canvas = h("canvas", { tabindex: 0, role: "application", "aria-label":
    "Map of tunes. Arrow keys move, plus and minus zoom, zero shows all; the list below tells what is chosen." });
  private readonly tip = h("p", { class: "tip", hidden: true });
  private readonly plot = new Plot(this.canvas);
  private readonly layer = select([], () => this.place());
  private readonly aspect = select([], () => this.recolour());
  private readonly words = h("input", { type: "search", autocomplete: "off", oninput: settled(120, () => this.search()) });
  private readonly listen = h("input", { type: "checkbox" });
  private readonly legend = h("div", { class: "legend", role: "group", "aria-label": "Classes: press to show or hide" });
  private readonly note = h("p", { class: "quiet" });
  private readonly chosen = h("section", { class: "chosen", "aria-label": "Chosen tunes" });
  private readonly hidden = new Set<number>();
  private map: api.TuneMap | null = null;
  private step: number | null = null;

  /** Puts the map on the page, with what chooses maps and what goes through those that belong together. */
  constructor(main: HTMLElement, which: HTMLElement, walk: HTMLElement) {
    const { plot } = this;
    const ring = button("Draw a ring", () => plot.setRing(ring.getAttribute("aria-pressed") !== "true"), { "aria-pressed": "false" });
    plot.onRing = (on) => ring.setAttribute("aria-pressed", String(on));
    plot.onPoint = (point, place) => this.point(point, place);
    plot.onPick = (points) => {
      this.list(points);
      if (points.length === 1) sound(this.map!.points[points[0]!]!);
    };
    main.append(
      h("form", { class: "search", onsubmit: (event: Event) => event.preventDefault() },
        which, field("Layer", this.layer), field("Colours", this.aspect), field("Titles with", this.words)),
      h("div", { class: "row" }, ring, button("Show all", () => plot.home()),
        h("label", { class: "check" }, this.listen, "play what is pointed at")),
      walk, h("div", { class: "chart" }, this.canvas, this.tip), this.legend, this.note, this.chosen);
  }

  /** Shows a map as it was at a step of its training, or one of one time; what is chosen on a map stays so over its steps. */
  show(map: api.TuneMap, step: number | null): void {
    const other = map !== this.map;
    [this.map, this.step] = [map, step];
    if (other) {
      const kinds = map.layers.map(kind);
      offer(this.layer, [...new Set(kinds)], kinds.find((name) => name === "melody, UMAP"));
      offer(this.aspect, map.aspects.map(({ name }) => name));
      this.recolour();
    }
    this.place();
    if (other) this.search();
  }

  /** Lets go of what lives outside the page's tree. */
  end(): void {
    this.plot.end();
  }

  private place(): void {
    const { name, told, layers } = this.map!;
    const own = layers.filter((layer) => kind(layer) === this.layer.value);
    const seen = own.find(({ step }) => (step ?? null) === this.step) ?? own[0]!;
    this.plot.send(seen.places, boundsOf(own.map(({ places }) => places)));
    this.note.textContent = [name, seen.note, told.length > 0 ? `The melody tower is told ${told.join(", ")}.` : ""]
      .filter(Boolean).map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join(". ").replaceAll("..", ".");
  }

  /** Colours by other classes, none of them hidden. */
  private recolour(): void {
    this.hidden.clear();
    this.colour();
  }

  private colour(): void {
    const { classes, of } = this.map!.aspects.find(({ name }) => name === this.aspect.value)!;
    this.plot.colour(of.map((own) => (own === null ? classes.length : own)), this.hidden);
    this.legend.replaceChildren(...[...classes, "not known"].map((name, place) => this.key(name, place)));
  }

  private key(name: string, place: number): HTMLElement {
    const dot = h("span", { class: `dot c${this.plot.colourOf(place)}`, "aria-hidden": true });
    const knob = button("", () => {
      if (!this.hidden.delete(place)) this.hidden.add(place);
      this.colour();
    }, { "aria-pressed": !this.hidden.has(place), class: "key" });
    knob.append(dot, name);
    return knob;
  }

  private list(points: number[]): void {
    this.plot.choose(points);
    const rows = points.slice(0, LISTED).map((point) => row(this.map!.points[point]!, () => this.plot.centre(point)));
    this.chosen.replaceChildren(h("h3", {}, points.length === 1 ? "One tune" : `${points.length} tunes chosen`),
      h("ol", { class: "found" }, ...rows));
    if (points.length === 0) this.chosen.replaceChildren();
    if (points.length > LISTED) this.chosen.append(h("p", { class: "quiet" }, `The first ${LISTED} are listed.`));
  }

  private search(): void {
    const wanted = fold(this.words.value);
    const points = this.map?.points ?? [];
    this.list(wanted.length < 2 ? [] : points.flatMap(([, title], point) => (fold(title).includes(wanted) ? [point] : [])));
  }

  private point(point: number | null, place: [number, number]): void {
    this.tip.hidden = point === null;
    if (point === null) return;
    this.tip.textContent = this.map!.points[point]![1];
    // Moved through the style object, which the page's policy allows.
    this.tip.style.left = `${Math.min(place[0] + 12, this.canvas.clientWidth - 140)}px`;
    this.tip.style.top = `${place[1] + 12}px`;
    if (this.listen.checked) sound(this.map!.points[point]!);
  }
}

/** What a layer is called: its vectors, and how they were laid out. */
function kind({ vectors, method }: api.Layer): string {
  return `${vectors}, ${method}`;
}

/** Gives a choice other names: the one that was chosen stays so where it is among them, else the preferred or the first is. */
function offer(choice: HTMLSelectElement, names: string[], preferred = names[0]!): void {
  const held = choice.value;
  choice.replaceChildren(...names.map((value) => h("option", { value }, value)));
  choice.value = names.includes(held) ? held : preferred;
}

function row([id, title]: [string, string], centre: () => void): HTMLElement {
  const body = h("div", { class: "body" });
  const details = h("details", {}, h("summary", {}, h("span", { class: "title" }, title)), body);
  details.addEventListener("toggle", () => {
    if (!details.open) return;
    centre();
    if (body.childElementCount === 0) void fill(body, id);
  });
  return h("li", {}, playButton(title, () => abcOf(id)), details);
}

async function abcOf(id: string): Promise<string | null> {
  try {
    return (await api.tune(id)).settings[0]?.abc ?? null;
  } catch (error) {
    if (error instanceof api.Problem) say(error.message);
    return null;
  }
}

let sounding = "";

function sound([id, title]: [string, string]): void {
  if (sounding === id) return;
  sounding = id;
  void abcOf(id).then((abc) => {
    const tune = abc !== null && sounding === id ? parsed(abc) : null;
    if (!tune) return;
    say(title);
    play(tune, () => (sounding = sounding === id ? "" : sounding));
  }, stop);
}

/** What two spellings of a title have in common. */
function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}|['’]/gu, "").toLowerCase();
}
