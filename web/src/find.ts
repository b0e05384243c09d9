/** The view that finds tunes for words. */

import * as api from "./api.ts";
import { remember } from "./app.ts";
import { field, h, say, select, settled } from "./dom.ts";
import { sourceName } from "./name.ts";
import { type Drawn, lazyNotation } from "./notation.ts";
import { playButton } from "./player.ts";

const TYPES = [
  "reel", "jig", "slip jig", "hornpipe", "polka", "slide", "waltz", "march", "barndance", "strathspey", "mazurka",
  "air", "set dance", "three-two",
];
const METRES = ["4/4", "2/2", "6/8", "9/8", "12/8", "2/4", "3/4", "3/2"];
const KEYS = [
  "D", "G", "A", "C", "F", "Bb", "E", "Em", "Am", "Bm", "Dm", "Gm", "Edor", "Ador", "Ddor", "Gdor", "Bdor", "Dmix",
  "Amix", "Gmix", "Emix",
];

export function findView(main: HTMLElement, rest: URLSearchParams): () => void {
  const words = h("input", { type: "search", value: rest.get("q") ?? "", placeholder: "drowsie magie", autocomplete: "off" });
  const any = (values: string[], shown: (value: string) => string = (value) => value) =>
    [["", "any"], ...values.map((value) => [value, shown(value)])] as [string, string][];
  const soon = settled(180, () => void search());
  const type = select(any(TYPES), soon);
  const key = select(any(KEYS, keyName), soon);
  const metre = select(any(METRES), soon);
  for (const [control, name] of [[type, "type"], [key, "key"], [metre, "metre"]] as const) control.value = rest.get(name) ?? "";
  const list = h("ol", { class: "found", "aria-label": "Tunes" });
  let asking = new AbortController();

  const search = async () => {
    asking.abort();
    asking = new AbortController();
    const asked = { q: words.value.trim(), type: type.value, key: key.value, metre: metre.value };
    remember("find", asked);
    try {
      const { found } = await api.find(asked, asking.signal);
      list.replaceChildren(...found.map(entry));
      const counted = found.length === 1 ? "One tune" : `${found.length} tunes`;
      say(found.length === 0 ? "No tune found: try fewer words, or others." : `${counted}${asked.q ? "" : ", the best known first"}.`);
    } catch (error) {
      if (error instanceof api.Problem) say(error.message);
      else if (!(error instanceof DOMException)) throw error;
    }
  };
  words.addEventListener("input", soon);
  const form = h("form", { class: "search", role: "search", onsubmit: (event: Event) => (event.preventDefault(), void search()) },
    field("Words", words), field("Type", type), field("Key", key), field("Metre", metre));
  main.append(h("h2", {}, "Tunes for words"), form, list);
  void search();
  words.focus({ preventScroll: true });
  return () => asking.abort();
}

function keyName(key: string): string {
  const [, tonic = "", mode = ""] = /^([A-G]b?)(.*)$/.exec(key) ?? [];
  const modes: Record<string, string> = { "": "major", m: "minor", dor: "dorian", mix: "mixolydian" };
  return `${tonic.replace("b", "♭")} ${modes[mode]}`;
}

function entry(found: api.Found): HTMLElement {
  const facts = [found.type, found.metre, found.key].filter(Boolean).join(" · ");
  const body = h("div", { class: "body" });
  const details = h("details", {}, h("summary", {},
    h("span", { class: "title" }, found.title), h("span", { class: "facts" }, facts),
    ...found.why.map((reason) => h("span", { class: "why" }, why(reason)))), body);
  details.addEventListener("toggle", () => {
    if (details.open && body.childElementCount === 0) void fill(body, found.tune, found.setting);
  });
  const abc = async () => ordered(await api.tune(found.tune), found.setting)[0]?.abc ?? null;
  return h("li", {}, playButton(found.title, abc), details);
}

/** Why a tune was found, in words. */
function why(reason: api.Reason): string {
  const how = { whole: "exactly", words: "", partly: "in part", spelling: "nearly" }[reason.matched ?? "words"];
  switch (reason.by) {
    case "title": return reason.matched === "whole" ? "this is its name" : `by its name${how && `, ${how}`}`;
    case "alias": return `also called ${reason.text}`;
    case "music": return "the music fits";
  }
}

/** The settings of a tune, the one of this id first. */
function ordered(tune: api.Tune, first: string): api.Setting[] {
  const is = (setting: api.Setting) => Number(setting.setting === first);
  return [...tune.settings].sort((a, b) => is(b) - is(a));
}

/** Shows a tune with all its settings, the one of the id `first` before the others. */
export async function fill(body: HTMLElement, id: string, first = ""): Promise<void> {
  try {
    const tune = await api.tune(id);
    body.replaceChildren(tune.aliases.length > 0 ? h("p", { class: "quiet" }, `Also called ${tune.aliases.join("; ")}.`) : "",
      ...settings(tune, ordered(tune, first)));
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
    body.replaceChildren(h("p", { class: "problem" }, error.message));
  }
}

function settings(tune: api.Tune, all: api.Setting[]): HTMLElement[] {
  return all.map((setting, place) => {
    let drawn: Drawn | null = null;
    const label = `${tune.title}, setting ${place + 1}`;
    const paper = lazyNotation(setting.abc, label, (ready) => (drawn = ready));
    return h("section", { class: "setting", "aria-label": label },
      h("div", { class: "row" }, playButton(label, async () => drawn ?? setting.abc),
        h("span", { class: "quiet" }, `Setting ${place + 1} of ${all.length}${setting.key ? ` · ${setting.key}` : ""}`),
        setting.source && h("a", { href: setting.source, rel: "noopener noreferrer", target: "_blank" }, sourceName(setting.source))),
      paper);
  });
}
