// Made-up runs for the test of the page: two maps of the same tunes, curves, the table of a study.
import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Numbers from 0 to 1 that look random and never change. */
function dice(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Writes the runs `early` and `late` with maps of `count` points, and the study `study`. */
export async function fakeRuns(folder, count) {
  await run(join(folder, "early"), 100, count, 3);
  await run(join(folder, "late"), 800, count, 1);
  await mkdir(join(folder, "study"), { recursive: true });
  const header = "direction,system,role,runs,queries,candidates,measure,value,chance,over_both_low,over_both_high,p_holm";
  const rows = ["gru", "cnn"].map((name, at) => `melody_to_title,${name},model,5,1470,630,mrr,0.02${at},0.0111,0.017,0.025,1`);
  await writeFile(join(folder, "study", "study.csv"), [header, ...rows, ""].join("\n"));
}

/** What trains in seconds. */
const CONFIG = new URL("../../crates/ganainm/tests/program/small.toml", import.meta.url).pathname;

/** Trains the run `trained` on made-up tunes in the folder of runs, and maps its steps: what it recorded is what any training records. */
export async function realRun(program, folder) {
  const random = dice(5);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const tune = (_, at) => {
    const [dance, metre, notes] = pick([["slide", "12/8", 12], ["waltz", "3/4", 6], ["polka", "2/4", 4]]);
    const bar = () => Array.from({ length: notes }, () => pick([..."DEFGABcdefga"])).join("");
    const music = Array.from({ length: 16 }, bar).join("|");
    return `X:${at + 1}\nT:The ${pick(["Merry", "Red", "Broken"])} ${pick(["Widow", "Bog", "Piper"])} ${at + 1}th\nR:${dance}\nM:${metre}\nL:1/8\nK:D\n${music}|\n`;
  };
  const file = (name) => join(folder, "..", name);
  await mkdir(folder, { recursive: true });
  await writeFile(file("made-up.abc"), Array.from({ length: 120 }, tune).join("\n"));
  execFileSync(program, ["corpus", "add", file("made-up.abc"), "--db", file("made-up.db")], { stdio: "ignore" });
  execFileSync(program, ["train", CONFIG, "--db", file("made-up.db"), "--run", join(folder, "trained")], { stdio: "ignore" });
  execFileSync(program, ["map", join(folder, "trained"), "--steps"], { stdio: "ignore" });
}

async function run(folder, steps, count, spread) {
  await mkdir(folder, { recursive: true });
  const manifest = {
    format: 1, kind: "towers", version: "0.1.0", commit: "0", corpus: "0", seed: 1, machine: "none", threads: 1, steps,
    seconds: 1, finished: true,
  };
  const lines = Array.from({ length: steps }, (_, at) => JSON.stringify({ kind: "step", step: at + 1, loss: 5 + 1 / (at + 1) }));
  const look = { kind: "validation", step: steps, loss: 5.1, melody_to_title: 0.021, title_to_melody: 0.018 };
  await writeFile(join(folder, "run.json"), JSON.stringify(manifest));
  await writeFile(join(folder, "config.toml"), "seed = 1\n");
  await writeFile(join(folder, "metrics.jsonl"), [...lines, JSON.stringify({ ...look, step: 10 }), JSON.stringify(look), ""].join("\n"));
  await writeFile(join(folder, "map.json"), JSON.stringify(map(count, spread)));
}

function map(count, spread) {
  const classes = ["reel", "jig", "hornpipe", "waltz", "polka"];
  const random = dice(27);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const of = Array.from({ length: count }, () => Math.floor(random() * classes.length));
  const at = (own) => [Math.cos(own * 1.3) * 5 + normal() * spread, Math.sin(own * 1.3) * 5 + normal() * spread];
  const view = (vectors, method) => ({ vectors, method, note: "made up", places: of.map(at) });
  const points = of.map((_, place) => ({ id: `book:${place}`, title: `Tune ${place}` }));
  const picture = { name: "made up", points, aspects: [{ name: "dance type", classes, of }], views: [view("melody", "UMAP"), view("title", "PCA")] };
  return { told: ["metre"], picture };
}
