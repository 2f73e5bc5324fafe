/** Where two pictures differ, and how much. */

export interface Difference {
  /** RGBA: the greater the difference, the more opaque. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  /** Mean difference of the colours, 0 to 1. */
  readonly share: number;
}

const GAIN = 3; // small differences are to be seen too
const LAMP = [255, 120, 60] as const;

/** Compare two pictures of the same size, as RGBA. */
export function difference(one: Uint8ClampedArray, other: Uint8ClampedArray): Difference {
  const pixels = new Uint8ClampedArray(one.length);
  let sum = 0;
  for (let at = 0; at < one.length; at += 4) {
    let apart = 0;
    for (let channel = 0; channel < 3; channel++)
      apart += Math.abs((one[at + channel] ?? 0) - (other[at + channel] ?? 0));
    sum += apart;
    pixels[at] = LAMP[0];
    pixels[at + 1] = LAMP[1];
    pixels[at + 2] = LAMP[2];
    pixels[at + 3] = (apart / 3) * GAIN;
  }
  return { pixels, share: one.length ? sum / ((one.length / 4) * 3 * 255) : 0 };
}
