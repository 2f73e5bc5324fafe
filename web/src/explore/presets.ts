/** Grids that show what a setting does, one click away. */

import type { Json } from "@/graph/json";
import { type Axis, newAxis, randomSeeds } from "./axes";
import { choicesOf, type Setting } from "./workflow";

export const PRESETS = [
  "steps and cfg",
  "cfg",
  "seeds",
  "samplers and schedulers",
  "denoise",
  "checkpoints and seeds",
] as const;
export type Preset = (typeof PRESETS)[number];

type Files = Readonly<Record<string, readonly string[]>>;
type Wanted = readonly [inputs: readonly string[], rest: (setting: Setting, files: Files) => Partial<Axis>];

const SAMPLERS = ["euler", "euler_ancestral", "heun", "dpmpp_2m", "dpmpp_2m_sde", "ddim"];
const SCHEDULERS = ["normal", "karras", "simple", "exponential"];

const TABLE: Record<Preset, readonly Wanted[]> = {
  "steps and cfg": [
    [["steps"], () => ({ list: "4, 8, 16, 24" })],
    [["cfg"], () => ({ list: "1, 3, 6, 10" })],
  ],
  cfg: [[["cfg"], () => ({ list: "1, 2, 4, 6, 8, 12" })]],
  seeds: [[["seed", "noise_seed"], () => ({ seeds: randomSeeds(9) })]],
  "samplers and schedulers": [
    [["sampler_name"], (setting, files) => ({ chosen: among(SAMPLERS, setting, files) })],
    [["scheduler"], (setting, files) => ({ chosen: among(SCHEDULERS, setting, files) })],
  ],
  denoise: [[["denoise"], () => ({ list: "0.2, 0.35, 0.5, 0.65, 0.8, 1" })]],
  "checkpoints and seeds": [
    [["seed", "noise_seed"], () => ({ seeds: randomSeeds(3) })],
    [["ckpt_name", "unet_name"], (setting, files) => ({ chosen: choicesOf(setting, files).slice(0, 6) })],
  ],
};

/** The axes of a preset in a workflow; null where that has not the inputs for it. */
export function presetAxes(
  preset: Preset,
  settings: readonly Setting[],
  files: Files,
): readonly Axis[] | null {
  if (preset === "denoise" && !startsFromPicture(settings)) return null;
  const axes = TABLE[preset].map(([inputs, rest]) => {
    const setting = settings.find(({ input }) => inputs.includes(input));
    return setting ? newAxis(setting, files, rest(setting, files)) : null;
  });
  const found = axes.filter((axis) => axis !== null);
  if (found.length < axes.length) return null;
  return found.some(({ way, chosen }) => way === "choose" && chosen.length < 2) ? null : found;
}

/** Without a picture to start from, less denoising leaves grey. */
function startsFromPicture(settings: readonly Setting[]): boolean {
  return settings.some(({ spec }) => spec?.folder === "input");
}

function among(wished: readonly string[], setting: Setting, files: Files): readonly Json[] {
  const choices = choicesOf(setting, files);
  const found: Json[] = wished.filter((name) => choices.includes(name));
  return found.length > 1 ? found : choices.slice(0, 4);
}
