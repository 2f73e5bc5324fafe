/** Numbers as colours. */

import type { Field, LatentName, Recording } from "./recording";

/** A picture of four bytes a pixel. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** From black by red to light yellow, in even steps of lightness: equal differences look equal. */
const HEAT = [
  [0, 0, 4],
  [31, 12, 72],
  [85, 15, 109],
  [136, 34, 106],
  [186, 54, 85],
  [227, 89, 51],
  [249, 140, 10],
  [249, 201, 50],
  [252, 255, 164],
] as const;

/** The colour of a heat of 0 to 1. */
export function heat(share: number): readonly [number, number, number] {
  const at = Math.min(1, Math.max(0, share)) * (HEAT.length - 1);
  const below = Math.min(HEAT.length - 2, Math.floor(at));
  const [one, other] = [HEAT[below], HEAT[below + 1]];
  if (!one || !other) return [0, 0, 0];
  const mix = (channel: 0 | 1 | 2) => one[channel] + (other[channel] - one[channel]) * (at - below);
  return [mix(0), mix(1), mix(2)];
}

/** The least and the greatest of a map. */
export function rangeOf({ values }: Field): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return values.length ? [low, high] : [0, 0];
}

/** A map as heat: its least is black, its greatest light. */
export function heatPixels(field: Field): Pixels {
  const [low, high] = rangeOf(field);
  const data = new Uint8ClampedArray(field.values.length * 4);
  field.values.forEach((value, place) => {
    const [red, green, blue] = heat(high > low ? (value - low) / (high - low) : 0);
    data.set([red, green, blue, 255], place * 4);
  });
  return { width: field.width, height: field.height, data };
}

/**
 * A latent of a step as colours, by the shares that its channels have in red, green and blue.
 *
 * The noisy one is drawn at the strength in which the network is shown it; what guidance adds is a small difference, and
 * made as strong as it can be drawn. `gain` says how many times.
 */
export function latentPixels(
  { head, latents, stepSigmas }: Recording,
  name: LatentName,
  step: number,
  picture: number,
): (Pixels & { readonly gain: number }) | null {
  const table = latents[name];
  if (!table) return null;
  const [, pictures = 0, channels = 0, height = 0, width = 0] = table.shape;
  const size = width * height;
  const first = (step * pictures + picture) * channels * size;
  const isDifference = name === "guidance";
  const sigma = stepSigmas[step] ?? 0;
  const scale = name === "noisy" && !head.flow ? 1 / Math.sqrt(1 + sigma * sigma) : 1;
  const mixed = new Float32Array(size * 3);
  for (let place = 0; place < size; place++)
    for (let colour = 0; colour < 3; colour++) {
      let sum = isDifference ? 0 : (head.rgb_bias[colour] ?? 0);
      for (let channel = 0; channel < channels; channel++) {
        const share = head.rgb_factors[channel]?.[colour] ?? 0;
        sum += (table.values[first + channel * size + place] ?? 0) * share * scale;
      }
      mixed[place * 3 + colour] = sum;
    }
  const strongest = isDifference ? mixed.reduce((most, value) => Math.max(most, Math.abs(value)), 0) : 1;
  const gain = isDifference && strongest > 0 ? 1 / strongest : 1;
  const data = new Uint8ClampedArray(size * 4).fill(255);
  for (let place = 0; place < size; place++)
    for (let colour = 0; colour < 3; colour++)
      data[place * 4 + colour] = (((mixed[place * 3 + colour] ?? 0) * gain + 1) / 2) * 255;
  return { width, height, data, gain };
}

/** A channel of a latent as grey, from its least number to its greatest. */
export function channelField(
  { latents }: Recording,
  name: LatentName,
  step: number,
  picture: number,
  channel: number,
): Field | null {
  const table = latents[name];
  if (!table) return null;
  const [, pictures = 0, channels = 0, height = 0, width = 0] = table.shape;
  const first = ((step * pictures + picture) * channels + channel) * width * height;
  return { width, height, values: Float32Array.from(table.values.slice(first, first + width * height)) };
}

/** A map as grey, its least black and its greatest white. */
export function greyPixels(field: Field): Pixels {
  const [low, high] = rangeOf(field);
  const data = new Uint8ClampedArray(field.values.length * 4).fill(255);
  field.values.forEach((value, place) => {
    const grey = high > low ? ((value - low) / (high - low)) * 255 : 128;
    data.fill(grey, place * 4, place * 4 + 3);
  });
  return { width: field.width, height: field.height, data };
}
