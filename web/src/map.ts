/** The view of the map: every tune a point, by dance type; walk about, search, draw a ring, listen. */

import * as api from "./api.ts";
import { remember } from "./app.ts";
import { button, field, h, say, select, settled } from "./dom.ts";
import { fill } from "./find.ts";
import { parsed } from "./notation.ts";
import { play, playButton, stop } from "./player.ts";
import { Plot } from "./plot.ts";

/** Tunes that are listed of a selection. */
const LISTED = 100;

export function mapView(main: HTMLElement, rest: URLSearchParams): () => void {
  main.append(h("h2", {}, "Where tunes lie"));
  let leave = () => {};
  let gone = false;
  const begin = async () => {
    try {
      const { maps, map } = await api.map(rest.get("run") ?? "");
      if (gone) return;
      if (map) leave = atlas(main, maps, map);
      else main.append(h("p", {}, "No run has a map yet. Make one with ", h("code", {}, "ganainm map RUN --side all"),
        " and serve the folder of runs with ", h("code", {}, "--runs"), "."));
    } catch (error) {
      if (!(error instanceof api.Problem)) throw error;
      main.append(h("p", { class: "problem" }, error.message));
    }
  };
  void begin();
  return () => {
    gone = true;
    leave();
  };
}

function atlas(main: HTMLElement, maps: api.Maps["maps"], first: api.TuneMap): () => void {
  let map = first;
  const known = new Map([[first.run, first]]);
  const canvas = h("canvas", { tabindex: 0, role: "application", "aria-label":
    "Map of tunes. Arrow keys move, plus and minus zoom, zero shows all; the list below tells what is chosen." });
  const tip = h("p", { class: "tip", hidden: true });
  const plot = new Plot(canvas);
  const layer = select([], () => show(true));
  const aspect = select([], () => show(false));
  const words = h("input", { type: "search", autocomplete: "off" });
  const listen = h("input", { type: "checkbox" });
  const legend = h("div", { class: "legend", role: "group", "aria-label": "Classes: press to show or hide" });
  const note = h("p", { class: "quiet" });
  const chosen = h("section", { class: "chosen", "aria-label": "Chosen tunes" });
  const hidden = new Set<number>();

  const show = (moved: boolean) => {
    const { places, note: kept } = map.layers[Number(layer.value)]!;
    const { classes, of } = map.aspects[Number(aspect.value)]!;
    plot.show(places, of.map((own) => (own === null ? classes.length : own)), hidden, moved);
    note.textContent = [map.name, kept, map.told.length > 0 ? `The melody tower is told ${map.told.join(", ")}.` : ""]
      .filter(Boolean).join(". ").replaceAll("..", ".");
    legend.replaceChildren(...[...classes, "not known"].map((name, place) => key(name, place)));
  };
  const key = (name: string, place: number) => {
    const dot = h("span", { class: `dot c${plot.colourOf(place)}`, "aria-hidden": true });
    const knob = button("", () => {
      if (!hidden.delete(place)) hidden.add(place);
      show(false);
    }, { "aria-pressed": !hidden.has(place), class: "key" });
    knob.append(dot, name);
    return knob;
  };
  const list = (points: number[]) => {
    plot.choose(points);
    const rows = points.slice(0, LISTED).map((point) => row(map.points[point]!, () => plot.centre(point)));
    chosen.replaceChildren(h("h3", {}, points.length === 1 ? "One tune" : `${points.length} tunes chosen`),
      h("ol", { class: "found" }, ...rows));
    if (points.length === 0) chosen.replaceChildren();
    if (points.length > LISTED) chosen.append(h("p", { class: "quiet" }, `The first ${LISTED} are listed.`));
  };
  const search = () => {
    const wanted = fold(words.value);
    list(wanted.length < 2 ? [] : map.points.flatMap(([, title], point) => (fold(title).includes(wanted) ? [point] : [])));
  };
  words.addEventListener("input", settled(120, search));
  const use = (next: api.TuneMap) => {
    map = next;
    hidden.clear();
    const [held, own] = [layer.value, aspect.value];
    layer.replaceChildren(...next.layers.map(({ vectors, method }, at) => h("option", { value: at }, `${vectors}, ${method}`)));
    aspect.replaceChildren(...next.aspects.map(({ name }, at) => h("option", { value: at }, name)));
    layer.value = held && Number(held) < next.layers.length ? held : String(preferred(next.layers));
    aspect.value = own && Number(own) < next.aspects.length ? own : "0";
    show(true);
    chosen.replaceChildren();
  };
  plot.onPoint = (point, place) => {
    tip.hidden = point === null;
    if (point === null) return;
    tip.textContent = map.points[point]![1];
    // Moved through the style object, which the page's policy allows.
    tip.style.left = `${Math.min(place[0] + 12, canvas.clientWidth - 140)}px`;
    tip.style.top = `${place[1] + 12}px`;
    if (listen.checked) sound(map.points[point]!);
  };
  plot.onPick = (points) => {
    list(points);
    if (points.length === 1) sound(map.points[points[0]!]!);
  };
  const ring = button("Draw a ring", () => plot.setRing(ring.getAttribute("aria-pressed") !== "true"), { "aria-pressed": "false" });
  plot.onRing = (on) => ring.setAttribute("aria-pressed", String(on));
  main.append(
    h("form", { class: "search", onsubmit: (event: Event) => event.preventDefault() },
      field("Layer", layer), field("Colours", aspect), field("Titles with", words)),
    h("div", { class: "row" }, ring, button("Show all", () => plot.home()),
      h("label", { class: "check" }, listen, "play what is pointed at")),
    steps(maps, first, known, use) ?? "",
    h("div", { class: "chart" }, canvas, tip), legend, note, chosen);
  use(first);
  return () => plot.end();
}

/** A slider over the maps of several runs, by their training steps; none where there is one map alone. */
function steps(
  maps: api.Maps["maps"], first: api.TuneMap, known: Map<string, api.TuneMap>, use: (map: api.TuneMap) => void,
): HTMLElement | null {
  if (maps.length < 2) return null;
  const slider = h("input", { type: "range", min: 0, max: maps.length - 1, step: 1,
    value: maps.findIndex(({ run }) => run === first.run) });
  const label = h("output", {});
  const told = () => {
    const { run, steps } = maps[Number(slider.value)]!;
    label.textContent = `${steps.toLocaleString("en")} steps, ${run}`;
    slider.setAttribute("aria-valuetext", label.textContent);
  };
  const load = settled(60, async () => {
    const { run } = maps[Number(slider.value)]!;
    try {
      const map = known.get(run) ?? (await api.map(run)).map;
      if (!map || run !== maps[Number(slider.value)]!.run) return;
      known.set(run, map);
      remember("map", { run });
      use(map);
    } catch (error) {
      if (!(error instanceof api.Problem)) throw error;
      say(error.message);
    }
  });
  slider.addEventListener("input", () => (told(), load()));
  told();
  return h("div", { class: "slider" }, field("Training", slider), label);
}

/** The layer that is shown first: melodies by UMAP where there are such. */
function preferred(layers: api.Layer[]): number {
  const found = layers.findIndex(({ vectors, method }) => vectors === "melody" && method === "UMAP");
  return Math.max(0, found);
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
