import { texts } from "@/texts/texts";

const SHARPNESS = 0.5; // standard deviation of the blur as a share of its reach, as on the server
const PASSES = 3; // of a box blur come close to a Gaussian

export function deviation(px: number): number {
  return px * SHARPNESS;
}

/** The mask with its edge softened over `px` pixels, for those who want it in the file. */
export async function feathered(mask: Blob, px: number): Promise<Blob> {
  if (px <= 0) return mask;
  const bitmap = await createImageBitmap(mask);
  const { width, height } = bitmap;
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  if (!context) return mask;
  context.drawImage(bitmap, 0, 0);
  const pixels = context.getImageData(0, 0, width, height);
  const plane = new Float32Array(width * height);
  for (let at = 0; at < plane.length; at++) plane[at] = pixels.data[4 * at] ?? 0;
  const soft = blurred(plane, width, height, deviation(px));
  for (let at = 0; at < soft.length; at++) pixels.data.fill(Math.round(soft[at] ?? 0), 4 * at, 4 * at + 3);
  context.putImageData(pixels, 0, 0);
  return pngOf(canvas);
}

/** A plane blurred by about a Gaussian; past its edges it goes on as at the edge. */
export function blurred(plane: Float32Array, width: number, height: number, sigma: number): Float32Array {
  let soft = plane;
  for (const size of boxes(sigma)) {
    soft = boxed(soft, width, height, (size - 1) / 2, true);
    soft = boxed(soft, width, height, (size - 1) / 2, false);
  }
  return soft;
}

/** Odd widths of boxes whose variances add up to that of the Gaussian, as nearly as odd widths can. */
export function boxes(sigma: number): number[] {
  const ideal = Math.sqrt((12 * sigma ** 2) / PASSES + 1);
  const lower = Math.max(1, Math.floor((ideal - 1) / 2) * 2 + 1);
  const wanted = 12 * sigma ** 2 - PASSES * (lower ** 2 - 1);
  const higher = Math.min(PASSES, Math.max(0, Math.round(wanted / ((lower + 2) ** 2 - lower ** 2))));
  return Array.from({ length: PASSES }, (_, pass) => (pass < higher ? lower + 2 : lower));
}

function boxed(
  plane: Float32Array,
  width: number,
  height: number,
  radius: number,
  across: boolean,
): Float32Array {
  if (radius === 0) return plane;
  const soft = new Float32Array(plane.length);
  const [lines, length] = across ? [height, width] : [width, height];
  const [between, step] = across ? [width, 1] : [1, width];
  for (let line = 0; line < lines; line++) {
    const start = line * between;
    const value = (at: number) => plane[start + Math.min(length - 1, Math.max(0, at)) * step] ?? 0;
    let sum = 0;
    for (let at = -radius; at <= radius; at++) sum += value(at);
    for (let at = 0; at < length; at++) {
      soft[start + at * step] = sum / (2 * radius + 1);
      sum += value(at + radius + 1) - value(at - radius);
    }
  }
  return soft;
}

export function pngOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error(texts("painting")("mask unwritten")))),
      "image/png",
    ),
  );
}
