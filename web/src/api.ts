/** The server's API, as /api/openapi.json describes it. */

export interface Passage {
  query: Span;
  setting: Span;
  transposition: number;
  query_differs: NotePlace[];
  setting_differs: NotePlace[];
}
/** Bars from `start` up to but without `end`, from 0. */
export interface Span { start: number; end: number }
export interface NotePlace { bar: number; note: number }
export interface Match {
  tune: string;
  title: string;
  score: number;
  setting: string;
  abc: string;
  source: string | null;
  evidence: Passage[];
}
export interface Answer {
  x: string;
  title: string;
  known: number;
  matches: Match[];
  titles: { title: string; score: number }[];
  abc: string;
}
export interface Reason {
  by: "title" | "alias" | "music";
  text?: string;
  matched?: "whole" | "words" | "partly" | "spelling";
  cosine?: number;
  place?: number;
}
export interface Found {
  tune: string;
  title: string;
  type: string | null;
  key: string | null;
  metre: string | null;
  setting: string;
  settings: number;
  why: Reason[];
}
export interface Setting { setting: string; key: string | null; metre: string | null; abc: string; source: string | null }
export interface Tune {
  tune: string;
  title: string;
  aliases: string[];
  type: string | null;
  tunebooks: number | null;
  settings: Setting[];
}
/** Of a map over a training each layer is of a `step`. */
export interface Layer { vectors: string; method: string; note: string; places: number[]; step?: number }
export interface TuneMap {
  run: string;
  steps: number;
  name: string;
  told: string[];
  points: [string, string][];
  aspects: { name: string; classes: string[]; of: (number | null)[] }[];
  layers: Layer[];
}
export interface Mapped { run: string; steps: number }
export interface Maps { maps: Mapped[]; trainings: Mapped[]; map: TuneMap | null }
export interface Run {
  name: string;
  kind: string;
  steps: number;
  seed: number;
  finished: boolean;
  curves: boolean;
  tracks: boolean;
  map: boolean;
  map_steps: boolean;
}
export interface Runs { runs: Run[]; studies: string[] }
export interface Table { header: string[]; rows: string[][] }
/** A line of metrics.jsonl. */
export type Rec = Record<string, number | string | boolean>;
/** A line of `ganainm track --json`. */
export interface TrackLine {
  kind: "looks" | "group" | "track";
  steps?: number[];
  kept_step?: number;
  direction?: string;
  by?: string;
  group?: string;
  n?: number;
  candidates?: number;
  median_rank?: number[];
  id?: string;
  title?: string;
  dance_type?: string | null;
  ranks?: number[];
  rise_to_last?: number;
}

/** What the server says is wrong. */
export class Problem extends Error {}

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem("The server does not answer. Is `ganainm serve` still running?");
  }
  const body: unknown = await response.json();
  if (!response.ok) throw new Problem((body as { detail?: string }).detail ?? response.statusText);
  return body as T;
}

function query(parameters: Record<string, string>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== "");
  return given.length ? "?" + new URLSearchParams(given).toString() : "";
}

const run = (name: string) => "/api/runs/" + encodeURIComponent(name);

export const name = (body: string | ArrayBuffer, signal: AbortSignal) =>
  ask<Answer[]>("/api/name", { method: "POST", body, signal });
export const find = (parameters: Record<string, string>, signal: AbortSignal) =>
  ask<{ found: Found[] }>("/api/find" + query(parameters), { signal });
export const tune = (id: string) => ask<Tune>("/api/tunes/" + encodeURIComponent(id));
export const map = (of: string) => ask<Maps>("/api/map" + query({ run: of }));
export const training = (run: string) => ask<TuneMap>("/api/map/training" + query({ run }));
export const runs = () => ask<Runs>("/api/runs");
export const about = (of: string) => ask<{ manifest: Rec; config: string | null }>(run(of));
export const curves = (of: string) => ask<{ records: Rec[] }>(run(of) + "/curves");
export const tracks = (of: string, tune: string) => ask<{ lines: TrackLine[] }>(run(of) + "/tracks" + query({ tune }));
export const study = (of: string) => ask<Table>(run(of) + "/study");
