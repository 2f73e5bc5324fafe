/** What the form holds, and how it becomes a wish and comes from one. Null is for what suits the checkpoint. */

import type { ImageWish as Wish } from "@/api/client";
import { Digits, wholeNumber } from "@/graph/json";
import { type Picture, pictureNamed } from "@/pictures/picture";
import { type Area, type Shape, sizeOf } from "./sizes";

export interface LoraUse {
  name: string;
  strength: number;
  on: boolean;
}

export interface Guide {
  model: string;
  picture: Picture | null;
  strength: number;
  start: number;
  end: number;
  preprocess: string | null;
}

export interface Reference {
  picture: Picture | null;
  weight: number;
  model: string | null;
}

export interface Sides {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Enlarging {
  by: number;
  denoise: number | null;
  /** A file of `upscale_models`; null to enlarge the latent. */
  model: string | null;
}

export type Size = null | { shape: Shape } | Area;
export type SeedMode = "random" | "locked" | "variation";

/** The largest have more digits than a JavaScript number holds. */
export type Seed = number | Digits;

export interface Seeds {
  mode: SeedMode;
  /** Kept while the mode is random; variations are of this one. */
  value: Seed;
  /** How far variations go. */
  strength: number;
  /** Of the noise that is mixed in for a variation; null to draw one each time. */
  other: Seed | null;
}

export interface Form {
  prompt: string;
  negative: string;
  /** Empty for the usual one. */
  checkpoint: string;
  vae: string | null;
  size: Size;
  steps: number | null;
  cfg: number | null;
  sampler: string | null;
  scheduler: string | null;
  clipSkip: number | null;
  syntax: "comfyui" | "a1111";
  seed: Seeds;
  count: number;
  loras: readonly LoraUse[];
  guides: readonly Guide[];
  references: readonly Reference[];
  start: Picture | null;
  denoise: number | null;
  mask: Picture | null;
  feather: number;
  /** Whether what is masked is made alone, at full size, or as part of the whole picture. */
  area: "whole" | "masked";
  outpaint: Sides | null;
  enlarge: Enlarging | null;
}

export const SEEDS = 2 ** 32; // of the seeds that are drawn
export const MOST_PICTURES = 64;
/** How much of a picture is changed where that is not said, and where it is continued past its edges; the server's own. */
export const CHANGE = 0.7;
export const EXTEND = 0.9;
export const MOST_FEATHER = 64; // pixels
/** How much of an enlarged picture is painted anew, by a checkpoint of pictures from `LARGE` pixels on; others only enlarge. */
export const REFINE = 0.35;
export const LARGE = 384;

export const BLANK: Form = {
  prompt: "",
  negative: "",
  checkpoint: "",
  vae: null,
  size: null,
  steps: null,
  cfg: null,
  sampler: null,
  scheduler: null,
  clipSkip: null,
  syntax: "comfyui",
  seed: { mode: "random", value: 0, strength: 0.25, other: null },
  count: 1,
  loras: [],
  guides: [],
  references: [],
  start: null,
  denoise: null,
  mask: null,
  feather: 8,
  area: "whole",
  outpaint: null,
  enlarge: null,
};

export function drawnSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

/** Whether a number is within what seeds can be. */
export function isSeed(number: Seed): boolean {
  const exact = BigInt(String(number));
  return exact >= 0n && exact < 2n ** 64n;
}

/** Width and height that a form asks for; null where it leaves them to the checkpoint or the picture. */
export function askedSize(form: Form, native: Area): Area | null {
  if (form.size === null) return null;
  return "shape" in form.size ? sizeOf(form.size.shape, native) : form.size;
}

/** What the server is asked for. Seeds are drawn here, so that it is known which they were. */
export function wishOf(form: Form, checkpoint: string, native: Area, draw: () => number = drawnSeed): Wish {
  const size = askedSize(form, native);
  const { start, seed } = form;
  return {
    prompt: form.prompt,
    negative: form.negative,
    checkpoint,
    vae: form.vae,
    steps: form.steps,
    cfg: form.cfg,
    sampler: form.sampler,
    scheduler: form.scheduler,
    seed: seed.mode === "random" ? draw() : sendable(seed.value),
    variation:
      seed.mode === "variation"
        ? { seed: seed.other === null ? draw() : sendable(seed.other), strength: seed.strength }
        : null,
    width: size?.width ?? null,
    height: size?.height ?? null,
    batch: 1,
    count: form.count,
    clip_skip: form.clipSkip,
    syntax: form.syntax,
    priority: 0,
    front: false,
    loras: form.loras.filter((lora) => lora.on).map(({ name, strength }) => ({ name, strength })),
    controls: form.guides.flatMap(({ picture, ...guide }) =>
      picture && guide.model ? [{ ...guide, image: picture.id }] : [],
    ),
    references: form.references.flatMap(({ picture, weight, model }) =>
      picture ? [{ image: picture.id, weight, model }] : [],
    ),
    init_image: start?.id ?? null,
    denoise: start ? form.denoise : null,
    mask: start && form.mask ? form.mask.id : null,
    mask_feather: start && form.mask ? form.feather : 0,
    inpaint_area: start && form.mask && !form.outpaint ? form.area : "whole",
    outpaint: start && form.outpaint ? { ...form.outpaint, feather: form.feather } : null,
    upscale: form.enlarge ? { ...form.enlarge, steps: null } : null,
  };
}

/** What one of the pictures of a wish for several was made with: seeds count up, of variations those of the other noise. */
export function nthOf(wish: Wish, nth: number): Wish {
  const { seed, variation } = wish;
  if (variation) {
    const other = variation.seed == null ? variation.seed : counted(variation.seed, nth);
    return { ...wish, count: 1, variation: { ...variation, seed: other } };
  }
  return { ...wish, count: 1, seed: seed == null ? seed : counted(seed, nth) };
}

/** The form with what a wish says; what the wish does not speak of stays. A seed that is given is locked. */
export function withWish(form: Form, wish: Partial<Wish>): Form {
  const said = <Key extends keyof Wish>(key: Key): boolean => wish[key] !== undefined;
  const next: Form = { ...form };
  if (wish.prompt !== undefined) next.prompt = wish.prompt;
  if (wish.negative !== undefined) next.negative = wish.negative;
  if (wish.checkpoint !== undefined) next.checkpoint = wish.checkpoint;
  if (said("vae")) next.vae = wish.vae ?? null;
  if (said("steps")) next.steps = wish.steps ?? null;
  if (said("cfg")) next.cfg = wish.cfg ?? null;
  if (said("sampler")) next.sampler = wish.sampler ?? null;
  if (said("scheduler")) next.scheduler = wish.scheduler ?? null;
  if (said("clip_skip")) next.clipSkip = wish.clip_skip ?? null;
  if (wish.syntax !== undefined) next.syntax = wish.syntax;
  if (wish.count !== undefined) next.count = wish.count;
  if (said("width") || said("height")) {
    next.size = wish.width && wish.height ? { width: wish.width, height: wish.height } : null;
  }
  if (said("seed") || said("variation")) next.seed = seedOf(form, wish);
  if (said("loras")) next.loras = (wish.loras ?? []).map((lora) => ({ ...lora, on: true }));
  if (said("controls"))
    next.guides = (wish.controls ?? []).map(({ image, ...guide }) => ({
      ...guide,
      preprocess: guide.preprocess ?? null,
      picture: pictureNamed(image),
    }));
  if (said("references"))
    next.references = (wish.references ?? []).map(({ image, weight, model }) => ({
      weight,
      model: model ?? null,
      picture: pictureNamed(image),
    }));
  if (said("init_image")) Object.assign(next, startOf(form, wish));
  if (said("denoise")) next.denoise = wish.denoise ?? null;
  if (said("upscale"))
    next.enlarge = wish.upscale
      ? { by: wish.upscale.by, denoise: wish.upscale.denoise ?? null, model: wish.upscale.model ?? null }
      : null;
  return next;
}

function seedOf(form: Form, wish: Partial<Wish>): Form["seed"] {
  if (wish.seed === undefined || wish.seed === null) return { ...form.seed, mode: "random" };
  const { variation } = wish;
  return variation
    ? { mode: "variation", value: wish.seed, strength: variation.strength, other: variation.seed ?? null }
    : { ...form.seed, mode: "locked", value: wish.seed };
}

/** The picture to start from, with all that is said of it: another picture has no mask of the one before. */
function startOf(form: Form, wish: Partial<Wish>): Partial<Form> {
  const { outpaint } = wish;
  const start = wish.init_image ? pictureNamed(wish.init_image) : null;
  return {
    start: start?.id === form.start?.id ? form.start : start,
    denoise: wish.denoise ?? null,
    mask: start && wish.mask ? pictureNamed(wish.mask) : null,
    feather: (wish.mask ? wish.mask_feather : outpaint?.feather) ?? BLANK.feather,
    area: wish.inpaint_area ?? "whole",
    outpaint:
      start && outpaint
        ? { left: outpaint.left, top: outpaint.top, right: outpaint.right, bottom: outpaint.bottom }
        : null,
  };
}

/** Digits are sent as text, which the server reads as the number; its types speak of numbers only. */
function sendable(seed: Seed): number {
  return seed as number;
}

/** A seed so many further. */
export function counted(seed: Seed, by: number): number {
  return sendable(wholeNumber(String(BigInt(String(seed)) + BigInt(by))) ?? 0);
}

/** A form as it was kept; what is not as expected is as in a blank one. */
export function restored(kept: unknown): Form {
  if (typeof kept !== "object" || kept === null) return BLANK;
  const form: Record<string, unknown> = { ...BLANK };
  for (const [key, usual] of Object.entries(BLANK)) {
    const value: unknown = (kept as Record<string, unknown>)[key];
    if (value === undefined) continue;
    if (usual === null || value === null ? usual === null : isLike(value, usual)) form[key] = value;
  }
  return form as unknown as Form;
}

function isLike(value: unknown, usual: unknown): boolean {
  if (Array.isArray(usual)) return Array.isArray(value);
  if (typeof usual === "object" && usual !== null)
    return (
      typeof value === "object" &&
      value !== null &&
      Object.entries(usual).every(([key, part]) => {
        const its = (value as Record<string, unknown>)[key];
        return part === null || (its instanceof Digits ? "number" : typeof its) === typeof part;
      })
    );
  return typeof value === typeof usual;
}
