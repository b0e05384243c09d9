/** Lines over steps, drawn as SVG. */

import { h, svg } from "./dom.ts";

export interface Line { name: string; points: [number, number][] }
export interface ChartOptions {
  title: string;
  /** Whether the upright axis is logarithmic with 1 above, as ranks are read. */
  ranks?: boolean;
  /** A step that is marked. */
  kept?: number;
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [640, 260, 52, 18, 10, 28];

/** A chart with its legend; colours go round after eight lines. */
export function chart(lines: Line[], options: ChartOptions): HTMLElement {
  const drawn = lines.filter((line) => line.points.length > 0);
  const all = drawn.flatMap((line) => line.points);
  const [xs, ys] = [all.map(([x]) => x), all.map(([, y]) => y)];
  const across = scale(Math.min(...xs), Math.max(...xs), [LEFT, WIDTH - RIGHT]);
  const level = options.ranks ? Math.log : (y: number) => y;
  const ends: [number, number] = options.ranks ? [TOP, HEIGHT - BOTTOM] : [HEIGHT - BOTTOM, TOP];
  const low = options.ranks ? 1 : Math.min(...ys, Math.max(0, Math.min(...ys) * 0.9));
  const up = scale(level(low), level(Math.max(...ys)), ends);
  const image = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": options.title });
  for (const y of ticks(low, Math.max(...ys), options.ranks ?? false)) {
    image.append(
      svg("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: up(level(y)), y2: up(level(y)) }),
      svg("text", { x: LEFT - 6, y: up(level(y)) + 4, "text-anchor": "end" }, short(y)));
  }
  for (const x of ticks(Math.min(...xs), Math.max(...xs), false)) {
    image.append(svg("text", { x: across(x), y: HEIGHT - 8, "text-anchor": "middle" }, short(x)));
  }
  if (options.kept !== undefined) {
    image.append(svg("line", { class: "kept", x1: across(options.kept), x2: across(options.kept), y1: TOP, y2: HEIGHT - BOTTOM }));
  }
  drawn.forEach((line, place) => {
    const path = line.points.map(([x, y]) => `${across(x).toFixed(1)},${up(level(y)).toFixed(1)}`).join(" ");
    image.append(svg("polyline", { class: `line l${place % 8}`, points: path }));
  });
  const legend = drawn.map((line, place) => h("li", {}, h("span", { class: `dot l${place % 8}`, "aria-hidden": true }),
    `${line.name} `, h("span", { class: "quiet" }, short(line.points.at(-1)![1]))));
  return h("figure", { class: "lines" }, h("figcaption", {}, options.title), image, h("ul", { class: "legend" }, ...legend));
}

function scale(low: number, high: number, [from, to]: [number, number]): (value: number) => number {
  const extent = high - low || 1;
  return (value) => from + ((value - low) / extent) * (to - from);
}

/** Round values between two ends: about five, or for ranks powers of ten and their 2 and 5 fold. */
function ticks(low: number, high: number, ranks: boolean): number[] {
  if (ranks) {
    const all = [1, 10, 100, 1000, 10000].flatMap((ten) => [ten, 2 * ten, 5 * ten]);
    return all.filter((value) => value >= low && value <= high);
  }
  const rough = (high - low) / 5 || 1;
  const ten = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * ten).find((own) => own >= rough) ?? ten;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, at) => (first + at) * step);
}

/** A number in a few letters. */
export function short(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
