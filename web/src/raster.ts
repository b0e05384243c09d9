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
  /** The image, a number a pixel: red in the lowest byte, alpha in the highest, as every browser's machine has them. */
  private pixels = new Uint32Array(1);

  constructor(private readonly context: CanvasRenderingContext2D) {}

  /** Draws points on a clear canvas. */
  paint(points: Points): void {
    const { width, height } = this.context.canvas;
    if (this.image.width !== width || this.image.height !== height) {
      this.image = new ImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
    } else this.pixels.fill(0);
    const stamp = disc(points.radius, width, points.chosen.size > 0 ? 0.18 : 0.75);
    for (let point = 0; point < points.x.length; point++) {
      if (!points.chosen.has(point)) this.dab(points, point, stamp);
    }
    const large = disc(points.radius * 1.5 + 0.5, width, 1);
    for (const point of points.chosen) this.dab(points, point, large);
    this.context.putImageData(this.image, 0, 0);
  }

  private dab(points: Points, point: number, { reach, offsets, share, total }: Stamp): void {
    const colour = points.colours[points.colour[point]!];
    if (!colour) return;
    const { pixels, image: { width, height } } = this;
    const [x, y] = [Math.round(points.x[point]!), Math.round(points.y[point]!)];
    if (x < reach || y < reach || x + reach >= width || y + reach >= height) return;
    const middle = y * width + x;
    for (let at = 0; at < offsets.length; at++) {
      const place = middle + offsets[at]!;
      const below = pixels[place]!;
      const row = (at << 8) | (below >>> 24);
      const own = share[row]!;
      const red = below & 255;
      const green = (below >>> 8) & 255;
      const blue = (below >>> 16) & 255;
      pixels[place] = (total[row]! << 24) | ((blue + (((colour[2] - blue) * own) >> 8)) << 16)
        | ((green + (((colour[1] - green) * own) >> 8)) << 8) | (red + (((colour[0] - red) * own) >> 8));
    }
  }
}

/**
 * The pixels that a disc covers, and how it is laid over what is there: a row a pixel, a column an alpha below. Colours go so
 * many 256ths of the way to the disc's, and `total` is the alpha of both.
 */
interface Stamp { reach: number; offsets: Int32Array; share: Uint16Array; total: Uint8Array }

function disc(radius: number, width: number, strength: number): Stamp {
  const reach = Math.ceil(radius);
  const offsets: number[] = [];
  const share: number[] = [];
  const total: number[] = [];
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) {
      const alpha = Math.min(1, radius + 0.5 - Math.hypot(x, y)) * strength;
      if (alpha <= 0) continue;
      offsets.push(y * width + x);
      for (let below = 0; below < 256; below++) {
        const both = alpha + (below / 255) * (1 - alpha);
        share.push(Math.round((256 * alpha) / both));
        total.push(Math.round(255 * both));
      }
    }
  }
  return { reach, offsets: Int32Array.from(offsets), share: Uint16Array.from(share), total: Uint8Array.from(total) };
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
