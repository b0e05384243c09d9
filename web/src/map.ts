/** The view of the map: which maps there are, and a slider over those that belong together. */

import * as api from "./api.ts";
import { remember } from "./app.ts";
import { Atlas } from "./atlas.ts";
import { field, h, say, select, settled } from "./dom.ts";

/** One place of the slider: a map, as it was at a step or of one time. */
interface Stop {
  said: string;
  address: Record<string, string>;
  of: Source;
  step: number | null;
}

/** Where a map is fetched from, once. */
interface Source { fetch: () => Promise<api.TuneMap | null>; map: api.TuneMap | null }

/** Maps that the slider goes through, by the name that the choice of maps has for them. */
interface Row { name: string; stops: () => Promise<Stop[]> }

export function mapView(main: HTMLElement, rest: URLSearchParams): () => void {
  main.append(h("h2", {}, "Where tunes lie"));
  let leave = () => {};
  let gone = false;
  const begin = async () => {
    const [run, training] = [rest.get("run") ?? "", rest.get("training") ?? ""];
    const { maps, trainings, map } = await api.map(run);
    if (gone) return;
    const rows = [...runsRow(maps, map), ...trainings.map(trainingRow)];
    if (rows.length === 0) return void main.append(nothing());
    const wanted = trainings.findIndex((entry) => entry.run === training);
    const first = wanted < 0 ? 0 : rows.length - trainings.length + wanted;
    leave = walk(main, rows, first, ({ address }) => (wanted < 0 ? address.run === map?.run : address.step === rest.get("step")));
  };
  begin().catch((error) => {
    if (!(error instanceof api.Problem)) throw error;
    main.append(h("p", { class: "problem" }, error.message));
  });
  return () => {
    gone = true;
    leave();
  };
}

function nothing(): HTMLElement {
  return h("p", {}, "No run has a map yet. Make one with ", h("code", {}, "ganainm map RUN --side all"),
    " and serve the folder of runs with ", h("code", {}, "--runs"), ".");
}

/** The maps of all runs by their steps, where there are such. */
function runsRow(maps: api.Mapped[], first: api.TuneMap | null): Row[] {
  if (maps.length === 0) return [];
  const stop = ({ run, steps }: api.Mapped): Stop => ({
    said: `${steps.toLocaleString("en")} steps, ${run}`,
    address: { run },
    of: { fetch: async () => (await api.map(run)).map, map: run === first?.run ? first : null },
    step: null,
  });
  const stops = maps.map(stop);
  return [{ name: maps.length === 1 ? maps[0]!.run : `${maps.length} runs, each at its end`, stops: async () => stops }];
}

/** The maps of one run over its training. */
function trainingRow({ run }: api.Mapped): Row {
  const of: Source = { fetch: () => api.training(run), map: null };
  const stops = async () => {
    of.map ??= await of.fetch();
    const steps = [...new Set(of.map!.layers.map(({ step }) => step!))];
    const last = steps.at(-1)!.toLocaleString("en");
    return steps.map((step): Stop => ({
      said: `step ${step.toLocaleString("en")} of ${last}`, address: { training: run, step: String(step) }, of, step,
    }));
  };
  return { name: `${run}, over its training`, stops };
}

/** Shows the map of the row that is chosen and of the place where its slider stands; what it returns lets go of it. */
function walk(main: HTMLElement, rows: Row[], first: number, wanted: (stop: Stop) => boolean): () => void {
  let stops: Stop[] = [];
  const slider = h("input", { type: "range", min: 0, step: 1, oninput: () => go() });
  const label = h("output", {});
  const line = h("div", { class: "slider" }, field("Training", slider), label);
  const which = select(rows.map(({ name }, at) => [String(at), name]), () => void enter(() => false));
  const atlas = new Atlas(main, field("Map", which), line);
  const now = () => stops[Number(slider.value)]!;
  const fetched = settled(60, () => heard(async () => {
    const stop = now();
    stop.of.map ??= await stop.of.fetch();
    if (stop === now()) land();
  }));
  const land = () => {
    const { of, step, address } = now();
    remember("map", address);
    atlas.show(of.map!, step);
  };
  const go = () => {
    label.textContent = now().said;
    slider.setAttribute("aria-valuetext", now().said);
    if (now().of.map) land();
    else fetched();
  };
  const enter = (wanted: (stop: Stop) => boolean) => heard(async () => {
    const row = rows[Number(which.value)]!;
    const found = await row.stops();
    if (row !== rows[Number(which.value)]) return;
    stops = found;
    line.hidden = stops.length < 2;
    const at = stops.findIndex(wanted);
    slider.max = String(stops.length - 1);
    slider.value = String(at < 0 ? stops.length - 1 : at);
    go();
  });
  which.value = String(first);
  void enter(wanted);
  return () => atlas.end();
}

/** Does something that asks the server, and says what is wrong. */
async function heard(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
    say(error.message);
  }
}
