/** A recorded run of a sampler, as its file has it: a safetensors file with a head. */

/** Numbers in order, with the sizes that they are counted by. */
export interface Table {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array | Uint8Array;
}

export interface Head {
  readonly family: string;
  /** What the network predicts: eps, v, …. */
  readonly prediction: string;
  /** Whether noise is mixed in linearly. */
  readonly flow: boolean;
  readonly cfg: number;
  /** Of the whole latent, in cells. */
  readonly height: number;
  readonly width: number;
  /** Pixels a side that a cell stands for. */
  readonly cell: number;
  /** A latent's channels to red, green and blue in -1..1. */
  readonly rgb_factors: readonly (readonly number[])[];
  readonly rgb_bias: readonly number[];
}

export const LATENTS = ["noisy", "denoised", "guidance"] as const;
export type LatentName = (typeof LATENTS)[number];
export const MEASURES = ["noisy_rms", "denoised_rms", "guidance_rms", "change_rms"] as const;
export type Measure = (typeof MEASURES)[number];

export interface Recording {
  readonly head: Head;
  /** Steps that were taken. */
  readonly steps: number;
  /** Pictures of the batch that are in it. */
  readonly pictures: number;
  /** The plan: noise levels, one more than the steps that were planned. */
  readonly sigmas: readonly number[];
  /** The noise level before each step. */
  readonly stepSigmas: readonly number[];
  /** The noise level of each call of the model, and the step it belongs to. */
  readonly calls: readonly number[];
  readonly callSteps: readonly number[];
  /** [steps, pictures, channels, y, x]; null where there was none. */
  readonly latents: Readonly<Record<LatentName, Table | null>>;
  /** [steps, pictures]. */
  readonly measures: Readonly<Record<Measure, Table>>;
  /** [steps, pictures, tokens, y, x], of which 255 stands for `attentionTop`; null where nobody listened. */
  readonly attention: Table | null;
  readonly attentionTop: number;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const LENGTH_BYTES = 8;

/** Read a recording's file. Throws where it is none. */
export function readRecording(file: ArrayBuffer): Recording {
  const length = Number(new DataView(file).getBigUint64(0, true));
  const start = LENGTH_BYTES + length;
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, LENGTH_BYTES, length))) as Record<
    string,
    unknown
  >;
  const about = header.__metadata__ as Readonly<Record<string, string>>;
  const table = (name: string): Table => {
    const entry = header[name] as Entry;
    return { shape: entry.shape, values: numbers(file, start, entry) };
  };
  const full = (name: string): Table | null => {
    const found = table(name);
    return found.values.length > 0 ? found : null;
  };
  const list = (name: string) => [...table(name).values];
  const denoised = table("denoised");
  return {
    head: JSON.parse(about.head ?? "") as Head,
    steps: denoised.shape[0] ?? 0,
    pictures: denoised.shape[1] ?? 0,
    sigmas: list("sigmas"),
    stepSigmas: list("step_sigmas"),
    calls: list("calls"),
    callSteps: list("call_steps"),
    latents: { noisy: full("noisy"), denoised, guidance: full("guidance") },
    measures: {
      noisy_rms: table("noisy_rms"),
      denoised_rms: table("denoised_rms"),
      guidance_rms: table("guidance_rms"),
      change_rms: table("change_rms"),
    },
    attention: full("attention"),
    attentionTop: Number(about.attention_top),
  };
}

function numbers(
  file: ArrayBuffer,
  start: number,
  { dtype, data_offsets: [from, to] }: Entry,
): Table["values"] {
  const bytes = file.slice(start + from, start + to); // a copy, as numbers must begin at a multiple of their size
  switch (dtype) {
    case "F32":
      return new Float32Array(bytes);
    case "I32":
      return new Int32Array(bytes);
    case "U8":
      return new Uint8Array(bytes);
    case "F16":
      return Float32Array.from(new Uint16Array(bytes), (half) => HALVES[half] ?? 0);
    default:
      throw new Error(`Numbers of the type ${dtype} are not known here.`);
  }
}

/** Every number of 16 bits: one bit of sign, five of exponent, ten of fraction (IEEE 754). */
const HALVES = Float32Array.from({ length: 2 ** 16 }, (_, bits) => {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction) : sign * 2 ** -14 * fraction;
});

/** A map of numbers, row by row. */
export interface Field {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/**
 * How much of each place's attention some tokens had together, 0 to 1.
 *
 * `step` of null takes the mean of all steps in which the network was shown the prompt.
 */
export function attentionOf(
  { attention, attentionTop }: Recording,
  tokens: readonly number[],
  picture: number,
  step: number | null,
): Field | null {
  if (!attention) return null;
  const [steps = 0, pictures = 0, count = 0, height = 0, width = 0] = attention.shape;
  const size = width * height;
  const values = new Float32Array(size);
  const isHeard = (at: number) => {
    const first = (at * pictures + picture) * count * size;
    return attention.values.subarray(first, first + count * size).some((value) => value > 0);
  };
  const chosen = step === null ? Array.from({ length: steps }, (_, at) => at).filter(isHeard) : [step];
  for (const at of chosen)
    for (const token of tokens) {
      if (token >= count) continue;
      const first = ((at * pictures + picture) * count + token) * size;
      for (let place = 0; place < size; place++)
        values[place] = (values[place] ?? 0) + (attention.values[first + place] ?? 0);
    }
  const scale = attentionTop / 255 / Math.max(1, chosen.length);
  for (let place = 0; place < size; place++) values[place] = (values[place] ?? 0) * scale;
  return { width, height, values };
}

/** Tokens that attention was recorded of. */
export function heardTokens({ attention }: Recording): number {
  return attention?.shape[2] ?? 0;
}

/** A measure at each step. */
export function measured({ measures, pictures, steps }: Recording, name: Measure, picture: number): number[] {
  return Array.from({ length: steps }, (_, step) => measures[name].values[step * pictures + picture] ?? 0);
}

/**
 * Of the attention that all words got at a place, the share that some tokens got: which word a place is about, whatever
 * it gives to the marks. One map for each group of tokens; null where nobody listened.
 */
export function sharesOf(
  recording: Recording,
  groups: readonly (readonly number[])[],
  all: readonly number[],
  picture: number,
  step: number | null,
): Field[] | null {
  const every = attentionOf(recording, all, picture, step);
  if (!every) return null;
  return groups.flatMap((tokens) => {
    const own = attentionOf(recording, tokens, picture, step);
    if (!own) return [];
    return [
      { ...own, values: own.values.map((value, place) => value / Math.max(every.values[place] ?? 0, 1e-9)) },
    ];
  });
}

/** How unevenly a map is spread: the standard deviation of its values, by their mean. */
export function contrastOf({ values }: Field): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return mean > 0 ? spread / mean : 0;
}
