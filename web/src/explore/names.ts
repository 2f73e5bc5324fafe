/** Settings in words. */

import { said } from "@/texts/said";
import type { texts } from "@/texts/texts";
import type { Wrong } from "./axes";
import type { Setting } from "./workflow";

export type Words = ReturnType<typeof texts<"explore">>;
type Key = Parameters<Words>[0];

const NAMES: Readonly<Record<string, Key>> = {
  steps: "input steps",
  cfg: "input cfg",
  sampler_name: "input sampler",
  scheduler: "input scheduler",
  seed: "input seed",
  noise_seed: "input seed",
  denoise: "input denoise",
  ckpt_name: "input checkpoint",
  unet_name: "input checkpoint",
  vae_name: "input vae",
  lora_name: "input lora",
  strength_model: "input lora strength",
  strength_clip: "input text strength",
  strength: "input strength",
  width: "input width",
  height: "input height",
  batch_size: "input batch",
  guidance: "input guidance",
  image: "input image",
  text: "input text",
  stop_at_clip_layer: "input clip skip",
};

const ABOUT: Readonly<Record<string, Key>> = {
  steps: "about steps",
  cfg: "about cfg",
  sampler_name: "about sampler",
  scheduler: "about scheduler",
  seed: "about seed",
  noise_seed: "about seed",
  denoise: "about denoise",
  ckpt_name: "about checkpoint",
  unet_name: "about checkpoint",
  lora_name: "about lora",
  strength_model: "about lora strength",
  text: "about text",
};

/** What an input is called: "CFG". */
export function nameOf({ input, role }: Pick<Setting, "input" | "role">, t: Words): string {
  if (role === "positive") return t("input prompt");
  if (role === "negative") return t("input negative");
  const known = NAMES[input];
  if (known) return t(known);
  const words = said().name(input);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** With its node: "Sampler · CFG". */
export function fullNameOf(setting: Setting, t: Words): string {
  const name = nameOf(setting, t);
  return setting.title.toLowerCase() === name.toLowerCase() ? name : `${setting.title} · ${name}`;
}

/** What it does, for those who have not met it; else as its node says. */
export function aboutOf({ input, spec }: Setting, t: Words): string {
  const known = ABOUT[input];
  return known ? t(known) : said().text(spec?.tooltip ?? "");
}

export function wrongOf(wrong: Wrong, t: Words): string {
  switch (wrong.why) {
    case "no number":
    case "no whole number":
    case "not in the prompt":
      return t(wrong.why, { text: wrong.text });
    case "too low":
    case "too high":
      return t(wrong.why, { text: wrong.text, limit: wrong.limit });
    default:
      return t(wrong.why);
  }
}

/** The label of a value; on and off have words of their own. */
export function valueName(label: string, t: Words): string {
  return label === "true" ? t("on") : label === "false" ? t("off") : label || t("empty text");
}
