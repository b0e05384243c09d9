/** The view of runs: curves, prediction tracks, tables of studies. */

import * as api from "./api.ts";
import { remember } from "./app.ts";
import { chart, type Line, short } from "./chart.ts";
import { button, field, h, say, settled } from "./dom.ts";

export function runsView(main: HTMLElement, rest: URLSearchParams): void {
  const shelf = h("nav", { class: "shelf", "aria-label": "Runs and studies" });
  const page = h("div", { class: "page" });
  main.append(h("h2", {}, "What runs recorded"), h("div", { class: "two" }, shelf, page));
  const open = (kind: "run" | "study", name: string, show: (page: HTMLElement) => Promise<void>) => {
    remember("runs", { [kind]: name });
    for (const knob of shelf.querySelectorAll("button")) {
      if (knob.dataset.name === `${kind} ${name}`) knob.setAttribute("aria-current", "true");
      else knob.removeAttribute("aria-current");
    }
    page.replaceChildren(h("h3", {}, name));
    void guarded(() => show(page));
  };
  void guarded(async () => {
    const { runs, studies } = await api.runs();
    const item = (kind: "run" | "study", name: string, told: string, show: (page: HTMLElement) => Promise<void>) => {
      const knob = button(name, () => open(kind, name, show), { "data-name": `${kind} ${name}` });
      knob.append(h("span", { class: "quiet" }, ` ${told}`));
      if (rest.get(kind) === name) queueMicrotask(() => open(kind, name, show));
      return h("li", {}, knob);
    };
    if (studies.length > 0) {
      shelf.append(h("h3", {}, "Studies"),
        h("ul", {}, ...studies.map((name) => item("study", name, "", (page) => studied(page, name)))));
    }
    if (runs.length > 0) {
      const told = (run: api.Run) => `${run.kind === "language" ? "language model" : run.kind}, ${run.steps} steps${run.finished ? "" : ", under way"}`;
      shelf.append(h("h3", {}, "Runs"), h("ul", {}, ...runs.map((run) => item("run", run.name, told(run), (page) => ran(page, run)))));
    }
    if (runs.length + studies.length === 0) {
      shelf.append(h("p", {}, "No runs here. Serve a folder of runs with ", h("code", {}, "ganainm serve --runs DIR"), "."));
    }
  });
}

async function guarded(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
    say(error.message);
  }
}

async function ran(page: HTMLElement, run: api.Run): Promise<void> {
  const { manifest, config } = await api.about(run.name);
  const facts = ["commit", "corpus", "seed", "machine", "threads", "steps", "seconds"] as const;
  page.append(h("p", { class: "quiet" }, facts.map((name) => `${name} ${brief(manifest[name])}`).join(" · ")));
  if (run.curves) page.append(...charts((await api.curves(run.name)).records));
  if (run.tracks) page.append(tracks(run.name));
  if (config) page.append(h("details", {}, h("summary", {}, "Its config"), h("pre", { tabindex: 0 }, config)));
}

function brief(value: string | number | boolean | undefined): string {
  return typeof value === "number" ? short(value) : String(value ?? "").slice(0, 40);
}

/** Numbers that say nothing of how a training went. */
const DULL = new Set(["step", "steps", "epoch", "epochs", "candidates", "chance", "learning_rate", "scale"]);

/** One chart of the loss, and one of everything else that was measured at the looks. */
function charts(records: api.Rec[]): HTMLElement[] {
  const line = (kind: string, field: string, name: string): Line => ({
    name,
    points: records.flatMap((record) => {
      const [x, y] = [record.step, record[field]];
      return record.kind === kind && typeof x === "number" && typeof y === "number" ? [[x, y] as [number, number]] : [];
    }),
  });
  const kinds = [...new Set(records.map((record) => String(record.kind)))];
  const loss = kinds.map((kind) => line(kind, "loss", kind === "step" ? "training" : kind));
  const looks = kinds.filter((kind) => kind !== "step");
  const fields = looks.flatMap((kind) => {
    const first = records.find((record) => record.kind === kind) ?? {};
    const names = Object.keys(first).filter((name) => !DULL.has(name) && name !== "loss" && typeof first[name] === "number");
    return names.map((name) => line(kind, name, name.replaceAll("_", " ")));
  });
  return [chart(loss, { title: "Loss by step" }), ...(fields.length > 0 ? [chart(fields, { title: "At the looks at validation" })] : [])];
}

/** Ranks over the training: by dance type, and of works that rose, fell or are asked for. */
function tracks(run: string): HTMLElement {
  const words = h("input", { type: "search", autocomplete: "off" });
  const place = h("div", {});
  const show = () => guarded(async () => {
    const { lines } = await api.tracks(run, words.value.trim());
    const looks = lines.find((line) => line.kind === "looks");
    if (!looks) return;
    say("");
    place.replaceChildren(...["melody_to_title", "title_to_melody"].flatMap((direction) => direct(direction, looks, lines)));
  });
  words.addEventListener("input", settled(400, () => void show()));
  void show();
  return h("section", { "aria-label": "Prediction tracks" }, h("h3", {}, "How ranks moved"),
    field("A validation work, by its title", words), place);
}

function direct(direction: string, looks: api.TrackLine, lines: api.TrackLine[]): HTMLElement[] {
  const steps = looks.steps ?? [];
  const own = lines.filter((line) => line.direction === direction);
  const points = (ranks: number[]) => ranks.map((rank, look) => [steps[look]!, rank] as [number, number]);
  const groups = own.filter((line) => line.kind === "group" && line.by !== "title_words").slice(0, 8);
  const works = own.filter((line) => line.kind === "track")
    .sort((a, b) => Math.abs(b.rise_to_last!) - Math.abs(a.rise_to_last!)).slice(0, 8);
  const name = direction === "melody_to_title" ? "melody → title" : "title → melody";
  const more = looks.kept_step === undefined ? {} : { kept: looks.kept_step };
  const charts = [
    chart(groups.map((line) => ({ name: `${line.group} (${line.n})`, points: points(line.median_rank!) })),
      { title: `Median rank, ${name}`, ranks: true, ...more }),
  ];
  if (works.length > 0) {
    charts.push(chart(works.map((line) => ({ name: line.title!, points: points(line.ranks!) })),
      { title: `Rank of the truth, ${name}`, ranks: true, ...more }));
  }
  return charts;
}

/** Columns of a study's table that are shown, as they are called there. */
async function studied(page: HTMLElement, name: string): Promise<void> {
  const { header, rows } = await api.study(name);
  const column = (row: string[], field: string) => row[header.indexOf(field)] ?? "";
  const pairs = [...new Set(rows.map((row) => `${column(row, "direction")}\t${column(row, "measure")}`))];
  for (const pair of pairs) {
    const [direction = "", measure = ""] = pair.split("\t");
    const own = rows.filter((row) => column(row, "direction") === direction && column(row, "measure") === measure);
    page.append(table(`${direction.replace("_to_", " → ")}, ${measure.replaceAll("_", " ")}`, own.map((row) => [
      column(row, "system"), column(row, "runs"), figure(column(row, "value")),
      span(column(row, "over_both_low"), column(row, "over_both_high")), figure(column(row, "chance")), figure(column(row, "p_holm")),
    ])));
  }
}

function figure(text: string): string {
  return text === "" ? "" : short(Number(Number(text).toPrecision(3)));
}

function span(low: string, high: string): string {
  return low === "" ? "" : `${figure(low)} to ${figure(high)}`;
}

function table(caption: string, rows: string[][]): HTMLElement {
  const names = ["system", "runs", "value", "95 % interval", "chance", "p (Holm)"];
  const cells = (row: string[]) => row.map((cell, at) => (at === 0 ? h("th", { scope: "row" }, cell) : h("td", {}, cell)));
  return h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": caption },
    h("table", {}, h("caption", {}, caption),
      h("thead", {}, h("tr", {}, ...names.map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, ...rows.map((row) => h("tr", {}, ...cells(row))))));
}
