/** Notation of tunes, and the places of notes in it. */

import renderAbc, { type Visual, type VoiceElement } from "abcjs/src/api/abc_tunebook_svg.js";
import type { NotePlace } from "./api.ts";
import { h, svg } from "./dom.ts";

/** A tune as drawn. */
export interface Drawn {
  visual: Visual;
  /** The note elements of each bar that has a note or a rest, as the server counts bars. */
  bars: VoiceElement[][];
  /** Its `R:` field. */
  rhythm: string;
}

/** Fields that are not music: remarks, sources, words below. */
const REMARKS = /^[ABDFGHNOSWZ]:.*$/gm;
/** Fields that stand above the music, for tunes whose heading the page has already. */
const HEADING = /^[CRT]:.*$/gm;

/** Draws a tune with its heading into `target`; `label` is what it is to those who do not see it. */
export function draw(target: HTMLElement, abc: string, label: string): Drawn | null {
  return drawn(target, blank(abc, REMARKS), label);
}

/** Draws the music alone. */
export function drawMusic(target: HTMLElement, abc: string, label: string): Drawn | null {
  const music = drawn(target, blank(blank(abc, REMARKS), HEADING), label);
  return music && { ...music, rhythm: rhythm(abc) };
}

function drawn(target: HTMLElement, abc: string, label: string): Drawn | null {
  const width = Math.max(280, Math.min(target.clientWidth || 700, 900));
  const perLine = width < 480 ? 2 : 4;
  const [visual] = renderAbc(target, abc, {
    add_classes: true,
    responsive: "resize",
    staffwidth: width,
    scale: width < 480 ? 0.9 : 1,
    ariaLabel: "",
    paddingtop: 16,
    paddingbottom: 4,
    paddingleft: 0,
    paddingright: 0,
    wrap: { minSpacing: 1.4, maxSpacing: 2.6, preferredMeasuresPerLine: perLine },
    format: { titlefont: "Georgia 15", composerfont: "Georgia 11", infofont: "Georgia 11", gchordfont: "Georgia 11" },
  });
  for (const image of target.querySelectorAll("svg")) {
    image.setAttribute("role", "img");
    image.setAttribute("aria-label", `Notation: ${label}`);
  }
  return visual ? { visual, bars: bars(visual), rhythm: rhythm(abc) } : null;
}

/** Makes remarks of fields, no shorter, so that places in the text stay. */
function blank(abc: string, fields: RegExp): string {
  return abc.replace(fields, (line) => "%".padEnd(line.length));
}

function rhythm(abc: string): string {
  return /^R:(.*)$/m.exec(abc)?.[1]?.trim() ?? "";
}

/** A tune that is parsed, not drawn. */
export function parsed(abc: string): Drawn | null {
  const visual = renderAbc("*", abc)[0];
  return visual ? { visual, bars: [], rhythm: rhythm(abc) } : null;
}

/** How many notes a tune has. */
export function noteCount(drawn: Drawn | null): number {
  return drawn ? drawn.bars.reduce((sum, bar) => sum + bar.length, 0) : 0;
}

function bars(visual: Visual): VoiceElement[][] {
  const bars: VoiceElement[][] = [];
  let open: VoiceElement[] = [];
  let filled = false;
  const close = () => {
    if (filled) bars.push(open);
    [open, filled] = [[], false];
  };
  for (const line of visual.lines) {
    for (const element of line.staff?.[0]?.voices?.[0] ?? []) {
      if (element.el_type === "bar") close();
      if (element.el_type !== "note") continue;
      if (element.pitches) open.push(element);
      filled ||= element.pitches !== undefined || element.rest?.type !== "spacer";
    }
  }
  close();
  return bars;
}

/** Marks notes in another colour and with a wedge above; what is written beside the notation says in which bars they are. */
export function mark(drawn: Drawn | null, places: NotePlace[]): void {
  for (const place of places) {
    const elements = drawn?.bars[place.bar]?.[place.note]?.abselem?.elemset ?? [];
    const shown = elements.filter((element) => element !== null);
    for (const element of shown) element.classList.add("differs");
    wedge(shown);
  }
}

/** A wedge above a note, for those to whom its colour says nothing. */
function wedge(elements: SVGElement[]): void {
  const boxes = elements.filter((element) => element instanceof SVGGraphicsElement).map((element) => element.getBBox());
  const [low, high] = [Math.min(...boxes.map((box) => box.x)), Math.max(...boxes.map((box) => box.x + box.width))];
  if (!(high > low)) return;
  const [x, y] = [(low + high) / 2, Math.min(...boxes.map((box) => box.y)) - 5];
  elements[0]?.after(svg("path", { class: "wedge", d: `M${x} ${y}l-6 -10h12z` }));
}

/** Takes all marks off. */
export function unmark(target: HTMLElement): void {
  for (const element of target.querySelectorAll(".differs")) element.classList.remove("differs");
  for (const wedge of target.querySelectorAll(".wedge")) wedge.remove();
}

/** Elements that begin at a place of the text, to be shown as they sound. */
export function elementsAt(drawn: Drawn, startChar: number): Element[] {
  for (const bar of drawn.bars) {
    const note = bar.find((element) => element.startChar === startChar);
    if (note) return (note.abselem?.elemset ?? []).filter((element) => element !== null);
  }
  return [];
}

/** A place for notation that is drawn once it can be seen. */
export function lazyNotation(abc: string, label: string, ready: (drawn: Drawn) => void = () => {}): HTMLElement {
  const target = h("div", { class: "notation" });
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watcher.disconnect();
    const music = drawMusic(target, abc, label);
    if (music) ready(music);
  }, { rootMargin: "300px" });
  watcher.observe(target);
  return target;
}
