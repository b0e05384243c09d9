/** The view that names tunes: an editor with live notation, and answers with what speaks for them. */

import * as api from "./api.ts";
import { button, field, h, say, settled } from "./dom.ts";
import { type Drawn, draw, lazyNotation, mark, noteCount, unmark } from "./notation.ts";
import { playButton } from "./player.ts";

/** Number 1268 of O'Neill's Music of Ireland (1903), without its name. */
const EXAMPLE = `X:1
R:reel
M:C|
L:1/8
K:A
(gf)|eA (3cBA eAcA|cdef gedB|=G2BG dGBG|cdef =g2fg|
eA (3cBA eAcA|cdef =g2fg|af=ge dB^GB|AcBG A2||
(cd)|eaag abag|e^def gedB|=G2BG dGBG|cdef =g2f^g|
eaag abag|e^def =g2f^g|af=ge dB^GB|AcBG A2||
`;

/** Notes that a tune must have before it is worth asking. */
const LEAST_NOTES = 6;

/** From this probability on a tune is said to be known, and from the other on perhaps, as `ganainm name` does. */
const [KNOWN, PERHAPS] = [0.8, 0.3];

/** What is in the editor outlives the view. */
let kept = "";

export function nameView(main: HTMLElement): () => void {
  const paper = h("div", { class: "notation paper" });
  const answers = h("section", { class: "answers", "aria-label": "Answers", "aria-live": "polite" });
  const editor = h("textarea", {
    rows: 9, spellcheck: "false", autocapitalize: "off", autocomplete: "off", "aria-describedby": "abc-hint",
  });
  editor.value = kept;
  let drawn: Drawn | null = null;
  let asking = new AbortController();

  const redraw = () => {
    kept = editor.value;
    drawn = editor.value.trim() ? draw(paper, editor.value, "your tune") : (paper.replaceChildren(), null);
    ask.disabled = noteCount(drawn) < LEAST_NOTES;
  };
  const named = async (body: string | ArrayBuffer) => {
    asking.abort();
    asking = new AbortController();
    say("Looking…");
    try {
      const found = await api.name(body, asking.signal);
      if (typeof body !== "string") set(found.map((answer) => answer.abc).join("\n"));
      answers.replaceChildren(...found.map((answer) => answered(answer, found.length === 1 ? paper : null, () => drawn)));
      say("");
    } catch (error) {
      if (error instanceof api.Problem) answers.replaceChildren(h("p", { class: "problem" }, error.message));
      else if (!(error instanceof DOMException)) throw error;
    }
  };
  const set = (text: string) => {
    editor.value = text;
    redraw();
  };
  const take = async (file: File | undefined) => {
    if (!file) return;
    const bytes = await file.arrayBuffer();
    const midi = new TextDecoder("latin1").decode(bytes.slice(0, 4)) === "MThd";
    if (midi) return named(bytes);
    set(new TextDecoder().decode(bytes));
    return named(editor.value);
  };

  const soon = settled(150, redraw);
  const auto = settled(700, () => {
    if (!ask.disabled) void named(editor.value);
  });
  editor.addEventListener("input", () => (soon(), auto()));
  editor.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !ask.disabled) void named(editor.value);
  });
  const ask = button("What is this called?", () => void named(editor.value), { class: "main" });
  const chooser = h("input", { type: "file", accept: ".abc,.mid,.midi,.txt", class: "sr", "aria-label": "A file with a tune, ABC or MIDI" });
  chooser.addEventListener("change", () => void take(chooser.files?.[0]));
  const desk = h("section", { class: "desk" },
    field("A tune in ABC", editor),
    h("p", { class: "quiet", id: "abc-hint" }, "Type or paste it, or drop an .abc or .mid file here."),
    h("div", { class: "row" }, ask,
      playButton("your tune", async () => drawn),
      button("Open a file", () => chooser.click()), chooser,
      button("An example", () => (set(EXAMPLE), void named(EXAMPLE)), { class: "plain" })),
    paper);
  main.append(h("h2", {}, "A tune without a name"), desk, answers);
  dropTarget(desk, (file) => void take(file));
  redraw();
  const again = settled(200, redraw);
  window.addEventListener("resize", again);
  return () => {
    asking.abort();
    window.removeEventListener("resize", again);
  };
}

function dropTarget(place: HTMLElement, take: (file: File | undefined) => void): void {
  for (const kind of ["dragenter", "dragover"]) {
    place.addEventListener(kind, (event) => (event.preventDefault(), place.classList.add("over")));
  }
  for (const kind of ["dragleave", "drop"]) place.addEventListener(kind, () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    take((event as DragEvent).dataTransfer?.files[0]);
  });
}

/** The answer to one tune; `paper` has its notation where it is the only one. */
function answered(answer: api.Answer, paper: HTMLElement | null, drawn: () => Drawn | null): HTMLElement {
  const [first] = answer.matches;
  const head = h("p", { class: "verdict" }, ...verdict(answer.known, first));
  const list = answer.matches.map((match, place) => {
    const marks = () => {
      if (!paper) return;
      unmark(paper);
      mark(drawn(), match.evidence.flatMap((passage) => passage.query_differs));
    };
    if (place === 0) marks();
    return matched(match, place === 0, marks);
  });
  const titles = answer.titles.map(({ title }) => h("li", {}, title));
  return h("div", { class: "answer" }, head,
    h("ol", { class: "matches" }, ...list),
    titles.length > 0 && h("section", { class: "fitting" },
      h("h3", {}, "Names that would fit the music"), h("ul", {}, ...titles)));
}

function verdict(known: number, first: api.Match | undefined): (string | Node)[] {
  const sure = h("span", { class: "quiet" }, ` (${percent(known)} sure that it is among the tunes here)`);
  if (!first) return ["Nothing here is like this tune."];
  const name = h("strong", {}, first.title || "a tune without a name");
  if (known >= KNOWN) return ["This is ", name, ".", sure];
  if (known >= PERHAPS) return ["This may be ", name, ".", sure];
  return ["Nobody here seems to know this tune. Its nearest relatives are below.", sure];
}

function matched(match: api.Match, open: boolean, shown: () => void): HTMLElement {
  const title = match.title || match.tune;
  const body = h("div", { class: "body" });
  const details = h("details", { open }, h("summary", {},
    h("span", { class: "title" }, title),
    h("span", { class: "score", title: "how sure it is that the two are one tune" }, percent(match.score))), body);
  let drawn: Drawn | null = null;
  const fill = () => {
    if (!details.open) return;
    shown();
    if (body.childElementCount > 0) return;
    const paper = lazyNotation(match.abc, title, (ready) => {
      drawn = ready;
      mark(ready, match.evidence.flatMap((passage) => passage.setting_differs));
    });
    body.append(
      h("p", { class: "quiet" }, evidence(match.evidence)),
      h("div", { class: "row" }, playButton(title, async () => drawn ?? match.abc),
        match.source && h("a", { href: match.source, rel: "noopener noreferrer", target: "_blank" }, sourceName(match.source)),
        h("span", { class: "quiet" }, match.setting)),
      paper);
  };
  details.addEventListener("toggle", fill);
  if (open) fill();
  return h("li", {}, details);
}

/** What an address is called. */
export function sourceName(address: string): string {
  return `At ${new URL(address).hostname} ↗`;
}

/** The passages that sound alike, in words. */
function evidence(passages: api.Passage[]): string {
  if (passages.length === 0) return "No bars sound alike.";
  const span = ({ start, end }: api.Span) => (end - start === 1 ? `bar ${start + 1}` : `bars ${start + 1}–${end}`);
  const told = passages.map((passage) => {
    const by = passage.transposition;
    const moved = by === 0 ? "" : `, ${Math.abs(by)} ${Math.abs(by) === 1 ? "semitone" : "semitones"} ${by > 0 ? "higher" : "lower"} there`;
    return `your ${span(passage.query)} and its ${span(passage.setting)}${moved}`;
  });
  const differing = passages.flatMap((passage) => passage.setting_differs);
  const bars = [...new Set(differing.map(({ bar }) => bar + 1))].sort((a, b) => a - b);
  const where = bars.length === 1 ? `bar ${bars[0]}` : `bars ${bars.slice(0, -1).join(", ")} and ${bars.at(-1)}`;
  const count = differing.length === 1 ? "1 note differs" : `${differing.length} notes differ`;
  const notes = differing.length === 0 ? "no note differs" : `${count}, in its ${where}, marked by a wedge below`;
  return `Alike: ${told.join("; ")}; ${notes}.`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
