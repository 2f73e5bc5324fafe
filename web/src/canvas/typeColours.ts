/** Colours and shapes of the things that wires carry: a hue for each type, the lightness is the theme's. */

const HUES: Readonly<Record<string, number>> = {
  MODEL: 295,
  CLIP: 95,
  VAE: 22,
  CONDITIONING: 62,
  LATENT: 340,
  IMAGE: 245,
  MASK: 148,
  SIGMAS: 190,
  SAMPLER: 125,
  GUIDER: 268,
  NOISE: 45,
  CONTROL_NET: 170,
  CLIP_VISION: 210,
  CLIP_VISION_OUTPUT: 220,
  STYLE_MODEL: 110,
  UPSCALE_MODEL: 200,
  HOOKS: 320,
  INT: 230,
  FLOAT: 180,
  STRING: 80,
  BOOLEAN: 5,
};
const STEPS = 24; // hues, so that two are not nearly alike

/** The colour of a type, for `style`; one that is not in the table has its own too, always the same. */
export function typeColour(type: string): string {
  if (type === "*" || type === "COMBO" || type === "") return "var(--muted)";
  const first = type.split(",")[0] ?? type;
  const hue = HUES[first] ?? (hashed(first) % STEPS) * (360 / STEPS);
  return `oklch(var(--wire-lightness) var(--wire-chroma) ${hue})`;
}

export type SocketShape = "round" | "square" | "diamond";

/** Shapes tell apart what colours alone would: pictures and masks, values, and all else. */
export function typeShape(type: string): SocketShape {
  if (["INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"].includes(type)) return "diamond";
  return ["IMAGE", "MASK", "LATENT"].includes(type) ? "square" : "round";
}

function hashed(text: string): number {
  let sum = 7;
  for (const letter of text) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
  return sum;
}

/** Colours for nodes and groups: of the title bar, of the body, and of a group. */
export const PAINTS = {
  red: ["#5c2a26", "#3f1f1d", "#a8554c"],
  orange: ["#5f3a1c", "#422a17", "#b0703a"],
  yellow: ["#57481a", "#3d3317", "#a38b3a"],
  green: ["#2b4f2e", "#1f3821", "#5b9160"],
  teal: ["#1f4c4a", "#183635", "#4a8f8b"],
  blue: ["#263f63", "#1d2e47", "#4c78b5"],
  purple: ["#453163", "#322548", "#8060b0"],
  grey: ["#45403c", "#312d2a", "#85796e"],
} as const;
export type Paint = keyof typeof PAINTS;

/** Whether words on a colour are light or dark; null where the colour is none that can be read. */
export function inkOn(colour: string): "light" | "dark" | null {
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})(?:[0-9a-f]{2})?$/i.exec(colour)?.[1];
  if (!hex) return null;
  const parts = hex.length === 3 ? [...hex].map((digit) => digit + digit) : (hex.match(/../g) ?? []);
  const [red = 0, green = 0, blue = 0] = parts.map((part) => linear(Number.parseInt(part, 16) / 255));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18 ? "dark" : "light";
}

function linear(channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
}
