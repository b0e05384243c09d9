/** A plane of points to walk about in, by pointer, fingers or keys. */

import { type Colour, type Points, Raster, within } from "./raster.ts";

/** How many colours the style sheet has; classes beyond them share the last. */
const COLOURS = 12;
/** How near the pointer must come to a point, in pixels of the screen. */
const REACH = 10;
/** How long points take to their places on another map, in milliseconds. */
const JOURNEY = 450;

/** The least and greatest x and y of some places: left, top, right, bottom. */
export type Bounds = [number, number, number, number];

/** The bounds of lists of x and y in turn. */
export function boundsOf(lists: number[][]): Bounds {
  const bounds: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (const list of lists) {
    for (let at = 0; at < list.length; at++) {
      const [axis, value] = [at % 2, list[at]!];
      bounds[axis] = Math.min(bounds[axis]!, value);
      bounds[axis + 2] = Math.max(bounds[axis + 2]!, value);
    }
  }
  return bounds;
}

export class Plot {
  /** Hears which point is pointed at, and where on the canvas. */
  onPoint: (point: number | null, place: [number, number]) => void = () => {};
  /** Hears which points were picked. */
  onPick: (points: number[]) => void = () => {};
  /** Hears whether dragging draws a ring. */
  onRing: (on: boolean) => void = () => {};

  private readonly context: CanvasRenderingContext2D;
  private readonly raster: Raster;
  private readonly watcher: ResizeObserver;
  private readonly scheme = window.matchMedia("(prefers-color-scheme: dark)");
  private places = new Float32Array();
  private from = new Float32Array();
  private departed = -Infinity;
  private classes: number[] = [];
  private hidden = new Set<number>();
  private chosen = new Set<number>();
  private points: Points;
  /** Places to pixels: x = places * scale + left. */
  private view = { scale: 1, left: 0, top: 0 };
  /** Whether all points are shown, as they stay when the canvas changes its size. */
  private whole = true;
  private bounds: Bounds = [0, 0, 1, 1];
  private asked = false;
  private ring = false;
  private lasso: [number, number][] = [];
  private fingers = new Map<number, [number, number]>();
  private travelled = 0;

  constructor(private readonly canvas: HTMLCanvasElement) {
    this.context = canvas.getContext("2d")!;
    this.raster = new Raster(this.context);
    this.points = { x: new Float32Array(), y: new Float32Array(), colour: new Int16Array(), colours: [], chosen: this.chosen, radius: 2 };
    this.watcher = new ResizeObserver(() => this.resize());
    this.watcher.observe(canvas);
    this.scheme.addEventListener("change", this.redraw);
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.up(event));
    canvas.addEventListener("pointercancel", (event) => this.fingers.delete(event.pointerId));
    canvas.addEventListener("pointerleave", () => this.onPoint(null, [0, 0]));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  /** Sends points from where they are to other places, x and y in turn. The view stays as long as the bounds do. */
  send(places: number[], bounds: Bounds): void {
    const [same, way] = [this.places.length === places.length, this.way()];
    const next = new Float32Array(places);
    this.from = same ? this.places.map((to, at) => between(this.from[at]!, to, way)) : next;
    this.places = next;
    this.departed = same ? performance.now() : -Infinity;
    const stays = this.bounds.join() === bounds.join();
    this.bounds = bounds;
    if (!stays) this.home();
    this.redraw();
  }

  /** Gives each point its class; hidden classes are left out. */
  colour(classes: number[], hidden: Set<number>): void {
    [this.classes, this.hidden] = [classes, hidden];
    this.redraw();
  }

  /** The number of the colour of a class. */
  colourOf(place: number): number {
    return Math.min(place, COLOURS - 1);
  }

  /** Makes points stand out; with none, all are alike. */
  choose(points: number[]): void {
    this.chosen.clear();
    for (const point of points) this.chosen.add(point);
    this.redraw();
  }

  /** Moves a point to the middle, near enough to tell it from others. */
  centre(point: number): void {
    const { width, height } = this.canvas;
    this.whole = false;
    const scale = Math.max(this.view.scale, 3 * this.fitting().scale);
    const [x, y] = [this.places[2 * point]!, this.places[2 * point + 1]!];
    this.view = { scale, left: width / 2 - x * scale, top: height / 2 - y * scale };
    this.redraw();
  }

  /** Shows all points. */
  home(): void {
    this.whole = true;
    this.view = this.fitting();
    this.redraw();
  }

  /** Whether dragging draws a ring about points rather than moving the map. */
  setRing(on: boolean): void {
    this.ring = on;
    this.canvas.classList.toggle("ring", on);
    this.onRing(on);
  }

  /** Lets go of what lives outside the page's tree. */
  end(): void {
    this.watcher.disconnect();
    this.scheme.removeEventListener("change", this.redraw);
  }

  private fitting(): { scale: number; left: number; top: number } {
    const { width, height } = this.canvas;
    const [left, top, right, bottom] = this.bounds;
    const [across, down] = [Math.max(right - left, 1), Math.max(bottom - top, 1)];
    const scale = Math.min(width / across, height / down) * 0.94;
    return { scale, left: width / 2 - ((left + right) / 2) * scale, top: height / 2 - ((top + bottom) / 2) * scale };
  }

  /** How much of the way to their places points have gone, 0..=1. */
  private way(): number {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return 1;
    const gone = Math.min(1, (performance.now() - this.departed) / JOURNEY);
    return gone * gone * (3 - 2 * gone);
  }

  private readonly redraw = (): void => {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.paint();
    });
  };

  private paint(): void {
    const count = this.places.length / 2;
    if (count === 0 || this.canvas.width === 0) return;
    const begin = performance.now();
    if (this.points.x.length !== count) {
      this.points = { ...this.points, x: new Float32Array(count), y: new Float32Array(count), colour: new Int16Array(count) };
    }
    const { scale, left, top } = this.view;
    const way = this.way();
    for (let point = 0; point < count; point++) {
      const at = (axis: number) => between(this.from[2 * point + axis]!, this.places[2 * point + axis]!, way);
      this.points.x[point] = at(0) * scale + left;
      this.points.y[point] = at(1) * scale + top;
      this.points.colour[point] = this.hidden.has(this.classes[point]!) ? -1 : this.colourOf(this.classes[point]!);
    }
    const near = Math.min(3, Math.sqrt(scale / this.fitting().scale));
    this.points.radius = (count > 5000 ? 1.2 : 2.2) * this.ratio() * Math.max(1, near * 0.8);
    this.points.colours = this.colours();
    this.points.chosen = this.chosen;
    this.raster.paint(this.points);
    this.paintLasso();
    this.canvas.dataset.frame = (performance.now() - begin).toFixed(1);
    if (way < 1) this.redraw();
  }

  private paintLasso(): void {
    if (this.lasso.length < 2) return;
    this.context.beginPath();
    for (const [x, y] of this.lasso) this.context.lineTo(x, y);
    this.context.closePath();
    this.context.lineWidth = 1.5 * this.ratio();
    this.context.strokeStyle = getComputedStyle(this.canvas).color;
    this.context.stroke();
  }

  private colours(): Colour[] {
    const style = getComputedStyle(this.canvas);
    return Array.from({ length: COLOURS }, (_, place) => {
      const hex = style.getPropertyValue(`--c${place}`).trim();
      return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as Colour;
    });
  }

  private ratio(): number {
    return Math.min(window.devicePixelRatio || 1, 2);
  }

  private resize(): void {
    this.canvas.width = Math.round(this.canvas.clientWidth * this.ratio());
    this.canvas.height = Math.round(this.canvas.clientHeight * this.ratio());
    if (this.whole) this.home();
    this.redraw();
  }

  private place(event: MouseEvent): [number, number] {
    return [event.offsetX * this.ratio(), event.offsetY * this.ratio()];
  }

  private down(event: PointerEvent): void {
    this.canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, this.place(event));
    this.travelled = 0;
    this.lasso = this.ring || event.shiftKey ? [this.place(event)] : [];
  }

  private move(event: PointerEvent): void {
    const now = this.place(event);
    const before = this.fingers.get(event.pointerId);
    if (!before) {
      this.onPoint(this.nearest(now), [event.offsetX, event.offsetY]);
      return;
    }
    this.fingers.set(event.pointerId, now);
    this.travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (this.lasso.length > 0) {
      this.lasso.push(now);
    } else if (this.fingers.size === 2) {
      const [other] = [...this.fingers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
      const span = ([x, y]: [number, number]) => Math.hypot(x - other![0], y - other![1]);
      this.zoom(span(now) / Math.max(span(before), 1), other!);
    } else {
      this.whole = false;
      this.view.left += now[0] - before[0];
      this.view.top += now[1] - before[1];
    }
    this.redraw();
  }

  private up(event: PointerEvent): void {
    this.fingers.delete(event.pointerId);
    const lasso = this.lasso;
    this.lasso = [];
    if (lasso.length > 3) {
      this.onPick(this.visible().filter((point) => within(this.points.x[point]!, this.points.y[point]!, lasso)));
      this.setRing(false);
    } else if (this.travelled < 4 * this.ratio()) {
      const point = this.nearest(this.place(event));
      this.onPick(point === null ? [] : [point]);
    }
    this.redraw();
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY * 0.0015), this.place(event));
  }

  private key(event: KeyboardEvent): void {
    const step = 60 * this.ratio();
    const moves: Record<string, [number, number]> = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    const middle: [number, number] = [this.canvas.width / 2, this.canvas.height / 2];
    const move = moves[event.key];
    if (move) {
      this.whole = false;
      this.view.left += move[0];
      this.view.top += move[1];
    } else if (event.key === "+" || event.key === "=") this.zoom(1.4, middle);
    else if (event.key === "-") this.zoom(1 / 1.4, middle);
    else if (event.key === "0") this.home();
    else if (event.key === "Enter") this.onPick([this.nearest(middle, Infinity)].filter((point) => point !== null));
    else return;
    event.preventDefault();
    this.redraw();
  }

  private zoom(by: number, [x, y]: [number, number]): void {
    this.whole = false;
    const least = this.fitting().scale;
    const scale = Math.max(least * 0.5, Math.min(least * 200, this.view.scale * by));
    const ratio = scale / this.view.scale;
    this.view = { scale, left: x - (x - this.view.left) * ratio, top: y - (y - this.view.top) * ratio };
    this.redraw();
  }

  private visible(): number[] {
    return [...this.points.colour.keys()].filter((point) => this.points.colour[point]! >= 0);
  }

  private nearest([x, y]: [number, number], reach = REACH * this.ratio()): number | null {
    let [best, least]: [number | null, number] = [null, reach];
    for (let point = 0; point < this.points.x.length; point++) {
      if (this.points.colour[point]! < 0) continue;
      const far = Math.hypot(this.points.x[point]! - x, this.points.y[point]! - y);
      if (far < least) [best, least] = [point, far];
    }
    return best;
  }
}

function between(from: number, to: number, way: number): number {
  return from + (to - from) * way;
}
