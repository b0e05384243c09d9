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

/** Draws points on a clear canvas. */
export function paint(context: CanvasRenderingContext2D, points: Points): void {
  const { width, height } = context.canvas;
  const image = context.createImageData(width, height);
  const stamp = disc(points.radius);
  const faint = points.chosen.size > 0 ? 0.18 : 0.75;
  for (let point = 0; point < points.x.length; point++) {
    if (!points.chosen.has(point)) dab(image, points, [point, faint], stamp);
  }
  const large = disc(points.radius * 1.5 + 0.5);
  for (const point of points.chosen) dab(image, points, [point, 1], large);
  context.putImageData(image, 0, 0);
}

interface Stamp { reach: number; cover: Float32Array }

/** How much of each pixel a disc covers. */
function disc(radius: number): Stamp {
  const reach = Math.ceil(radius);
  const side = 2 * reach + 1;
  const cover = new Float32Array(side * side);
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) {
      cover[(y + reach) * side + x + reach] = Math.max(0, Math.min(1, radius + 0.5 - Math.hypot(x, y)));
    }
  }
  return { reach, cover };
}

function dab(image: ImageData, points: Points, [point, strength]: [number, number], { reach, cover }: Stamp): void {
  const colour = points.colours[points.colour[point]!];
  if (!colour) return;
  const { width, height, data } = image;
  const [left, top] = [Math.round(points.x[point]!) - reach, Math.round(points.y[point]!) - reach];
  const side = 2 * reach + 1;
  if (left < 0 || top < 0 || left + side > width || top + side > height) return;
  for (let row = 0, at = 0; row < side; row++) {
    let pixel = ((top + row) * width + left) * 4;
    for (let column = 0; column < side; column++, at++, pixel += 4) {
      const alpha = cover[at]! * strength;
      if (alpha === 0) continue;
      const under = data[pixel + 3]! / 255;
      const total = alpha + under * (1 - alpha);
      const share = alpha / total;
      data[pixel] = data[pixel]! + (colour[0] - data[pixel]!) * share;
      data[pixel + 1] = data[pixel + 1]! + (colour[1] - data[pixel + 1]!) * share;
      data[pixel + 2] = data[pixel + 2]! + (colour[2] - data[pixel + 2]!) * share;
      data[pixel + 3] = total * 255;
    }
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
