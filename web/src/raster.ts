/** Points drawn straight into the pixels of a canvas: tens of thousands in a few milliseconds, on any device. */

/** A colour as red, green and blue, 0..=255. */
export type Colour = [number, number, number];

/** What is drawn: places in pixels of the canvas, and of each point a place in `colours`, or -1 to leave it out. */
export interface Points {
  x: Float32Array;
  y: Float32Array;
  colour: Int16Array;
  colours: Colour[];
  /** Points that stand out; all others are faint while there is one. */
  chosen: Set<number>;
  radius: number;
}

/** What draws points on one canvas, frame after frame into the same pixels. */
export class Raster {
  private image = new ImageData(1, 1);

  constructor(private readonly context: CanvasRenderingContext2D) {}

  /** Draws points on a clear canvas. */
  paint(points: Points): void {
    const { width, height } = this.context.canvas;
    if (this.image.width !== width || this.image.height !== height) this.image = new ImageData(width, height);
    else this.image.data.fill(0);
    const stamp = disc(points.radius, width, points.chosen.size > 0 ? 0.18 : 0.75);
    for (let point = 0; point < points.x.length; point++) {
      if (!points.chosen.has(point)) dab(this.image, points, point, stamp);
    }
    const large = disc(points.radius * 1.5 + 0.5, width, 1);
    for (const point of points.chosen) dab(this.image, points, point, large);
    this.context.putImageData(this.image, 0, 0);
  }
}

/** The pixels that a disc covers: how far they lie from its middle, in bytes of the image, and how much it covers, 0..=1. */
interface Stamp { reach: number; offsets: Int32Array; cover: Float32Array }

function disc(radius: number, width: number, strength: number): Stamp {
  const reach = Math.ceil(radius);
  const offsets: number[] = [];
  const cover: number[] = [];
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) {
      const part = Math.min(1, radius + 0.5 - Math.hypot(x, y));
      if (part <= 0) continue;
      offsets.push(4 * (y * width + x));
      cover.push(part * strength);
    }
  }
  return { reach, offsets: Int32Array.from(offsets), cover: Float32Array.from(cover) };
}

function dab({ width, height, data }: ImageData, points: Points, point: number, { reach, offsets, cover }: Stamp): void {
  const colour = points.colours[points.colour[point]!];
  if (!colour) return;
  const [red, green, blue] = colour;
  const [x, y] = [Math.round(points.x[point]!), Math.round(points.y[point]!)];
  if (x < reach || y < reach || x + reach >= width || y + reach >= height) return;
  const middle = 4 * (y * width + x);
  for (let at = 0; at < offsets.length; at++) {
    const pixel = middle + offsets[at]!;
    const alpha = cover[at]!;
    const total = alpha + (data[pixel + 3]! / 255) * (1 - alpha);
    const share = alpha / total;
    data[pixel] = data[pixel]! + (red - data[pixel]!) * share;
    data[pixel + 1] = data[pixel + 1]! + (green - data[pixel + 1]!) * share;
    data[pixel + 2] = data[pixel + 2]! + (blue - data[pixel + 2]!) * share;
    data[pixel + 3] = total * 255;
  }
}

/** Whether a place lies within a polygon, by the even-odd rule. */
export function within(x: number, y: number, polygon: [number, number][]): boolean {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [[ax, ay], [bx, by]] = [polygon[i]!, polygon[j]!];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}
