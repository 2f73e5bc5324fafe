/** Small workflows around what made a picture: the same model, VAE and words, put to another use. */

import type { Asset } from "@/api/client";
import type { Json, JsonObject } from "@/graph/json";
import type { Experiment } from "@/live/useExperiment";
import { behind, call, PROMPTED, sources } from "./trying";

export type Link = readonly [node: string, output: number];
export const WAYS = ["spherical", "linear"] as const;
export type Way = (typeof WAYS)[number];

/** What made a picture, as far as it can be put to another use. */
export interface Parts {
  readonly workflow: JsonObject;
  readonly model: Link | null;
  readonly vae: Link | null;
  readonly positive: Link | null;
  /** The node that has the prompt written down. */
  readonly text: string | null;
}

/** Frames that a workflow makes as one batch. */
export interface Film {
  readonly workflow: JsonObject;
  readonly frames: Link;
  readonly slow: readonly string[];
}

export type Stored = Pick<Asset, "path" | "folder" | "width" | "height">;

const own = (name: string) => `tray-${name}`; // beside the numbers that workflows have as ids
const CELL = 8; // pixels; sizes are multiples of it, as latents come in whole cells
const PACE = 8; // frames a second of a film that is saved

/** The nearest input of some names that is linked, of the nodes behind one. */
function linked(workflow: JsonObject, node: string, names: readonly string[]): Link | null {
  for (const each of behind(workflow, node))
    for (const name of names) {
      const value = call(workflow, each)?.inputs[name];
      if (Array.isArray(value)) return value as unknown as Link;
    }
  return null;
}

/** The node of a workflow that shows a picture: the one that is told, else the first with the sampler behind it. */
export function shownBy(workflow: JsonObject, told: string, sampler: string): string {
  if (told in workflow) return told;
  const shows = (node: string) =>
    call(workflow, node)?.inputs.images && behind(workflow, node).includes(sampler);
  return Object.keys(workflow).find(shows) ?? sampler;
}

/** The parts of the workflow that made a picture: shown by one node, and sampled by another. */
export function partsOf(workflow: JsonObject, shown: string, sampler: string, prompt: string): Parts {
  const text = behind(workflow, sampler, PROMPTED).find(
    (node) => call(workflow, node)?.inputs.text === prompt,
  );
  return {
    workflow,
    model: linked(workflow, sampler, ["model"]),
    vae: linked(workflow, shown, ["vae"]),
    positive: linked(workflow, sampler, ["positive", "conditioning"]),
    text: text ?? null,
  };
}

/** The parts of a checkpoint, for pictures that tell of none. */
export function partsOfCheckpoint(checkpoint: string): Parts {
  const [loader, text] = [own("checkpoint"), own("text")];
  return {
    workflow: {
      [loader]: { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: checkpoint } },
      [text]: { class_type: "CLIPTextEncode", inputs: { text: "", clip: [loader, 1] } },
    },
    model: [loader, 0],
    vae: [loader, 2],
    positive: [text, 0],
    text,
  };
}

/** A size that fits into a square, of the same shape but for what whole cells of a latent make of it. */
export function within(
  { width, height }: Pick<Stored, "width" | "height">,
  most: number,
): { width: number; height: number } {
  const share = Math.min(1, most / Math.max(width ?? most, height ?? most));
  const whole = (side: number | null) => Math.max(CELL, Math.round(((side ?? most) * share) / CELL) * CELL);
  return { width: whole(width), height: whole(height) };
}

type Nodes = Record<string, { class_type: string; inputs: Record<string, Json> }>;

/** A picture of ours, at a size where one is told; of a film, the first frame. */
function loaded(nodes: Nodes, name: string, picture: Stored, size?: { width: number; height: number }): Link {
  const [file, first, scaled] = [own(name), own(`${name}-first`), own(`${name}-scaled`)];
  nodes[file] = { class_type: "LoadImage", inputs: { image: `${picture.path} [${picture.folder}]` } };
  nodes[first] = { class_type: "ImageFromBatch", inputs: { image: [file, 0], batch_index: 0, length: 1 } };
  if (!size || (size.width === picture.width && size.height === picture.height)) return [first, 0];
  const inputs = { image: [first, 0], upscale_method: "lanczos", ...size, crop: "center" };
  nodes[scaled] = { class_type: "ImageScale", inputs };
  return [scaled, 0];
}

/** Only what a node needs: what else a workflow has may lack its files by now. */
function only(workflow: JsonObject, target: string): JsonObject {
  const needed = new Set(behind(workflow, target));
  return Object.fromEntries(Object.entries(workflow).filter(([node]) => needed.has(node)));
}

function experiment(workflow: JsonObject, nodes: Nodes, target: string, slow: readonly string[]): Experiment {
  return { workflow: only({ ...workflow, ...nodes }, target), target, slow };
}

/** A VAE of a file: of a checkpoint, or one by itself. */
export interface VaeFile {
  readonly folder: "checkpoints" | "vae";
  readonly name: string;
}

/** A picture through a VAE and back; without a file, the VAE is the one that made the picture. */
export function thereAndBack(parts: Parts, picture: Stored, file: VaeFile | null): Experiment | null {
  const nodes: Nodes = {};
  const loader = own("vae");
  if (file?.folder === "checkpoints")
    nodes[loader] = { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: file.name } };
  else if (file) nodes[loader] = { class_type: "VAELoader", inputs: { vae_name: file.name } };
  const vae: Link | null = file ? [loader, file.folder === "checkpoints" ? 2 : 0] : parts.vae;
  if (!vae) return null;
  const target = own("back");
  const pixels = loaded(nodes, "picture", picture);
  nodes[target] = { class_type: "VAEReconstruction", inputs: { pixels, vae } };
  return experiment(parts.workflow, nodes, target, [target]);
}

/** A picture under more and more noise. Without words, the model is told what the picture was made with. */
export function forwardProcess(
  parts: Parts,
  picture: Stored,
  wish: { most: number; levels: number; seed: number; words: string | null },
): Experiment | null {
  const { model, vae, positive, text } = parts;
  if (!model || !vae || !positive || (wish.words !== null && !text)) return null;
  const nodes: Nodes = {};
  const pixels = loaded(nodes, "picture", picture, within(picture, wish.most));
  const target = own("forward");
  const { levels, seed, words } = wish;
  nodes[target] = { class_type: "ForwardProcess", inputs: { model, positive, vae, pixels, levels, seed } };
  const told = text && words !== null ? { [text]: withInputs(parts.workflow, text, { text: words }) } : {};
  return experiment({ ...parts.workflow, ...told }, nodes, target, [target]);
}

/** The way from one picture to another in latent space; the second is cut to the shape of the first. */
export function betweenPictures(
  { workflow, vae }: Parts,
  ends: readonly [Stored, Stored],
  wish: { most: number; frames: number; method: Way },
): Film | null {
  if (!vae) return null;
  const nodes: Nodes = {};
  const size = within(ends[0], wish.most);
  const [samples1, samples2] = ends.map((picture, at) => {
    const id = own(`latent-${at + 1}`);
    const pixels = loaded(nodes, `picture-${at + 1}`, picture, size);
    nodes[id] = { class_type: "VAEEncode", inputs: { pixels, vae } };
    return [id, 0] as const;
  });
  const [walk, film] = [own("walk"), own("film")];
  const { frames, method } = wish;
  nodes[walk] = {
    class_type: "LatentWalk",
    inputs: { samples1: samples1 ?? null, samples2: samples2 ?? null, frames, method },
  };
  nodes[film] = { class_type: "VAEDecode", inputs: { samples: [walk, 0], vae } };
  return { workflow: { ...workflow, ...nodes }, frames: [film, 0], slow: [film] };
}

/** The picture made with each prompt on the way from its own to another, with the same seed. */
export function betweenPrompts(
  { workflow, text }: Parts,
  shown: string,
  wish: { words: string; frames: number; method: Way; picture: number },
): Film | null {
  const images = call(workflow, shown)?.inputs.images;
  if (!text || !Array.isArray(images)) return null;
  const told = dependents(workflow, images[0] as string, text);
  if (told.length === 0) return null;
  const { words, method, frames, picture } = wish;
  const other = own("other");
  const nodes: Nodes = { [other]: withInputs(workflow, text, { text: words }) };
  const slow: string[] = [];
  let film: Link | null = null;
  for (let frame = 0; frame < frames; frame++) {
    const at = (node: string) => own(`${node}-${frame}`);
    const share = frame / (frames - 1);
    nodes[at("mix")] = {
      class_type: "ConditioningInterpolate",
      inputs: { conditioning_1: [text, 0], conditioning_2: [other, 0], share, method },
    };
    const moved = (value: Json): Json => {
      if (!Array.isArray(value)) return value;
      const from = value[0] as string;
      if (from === text) return [at("mix"), 0];
      return told.includes(from) ? [at(from), value[1] as number] : value;
    };
    for (const node of told) {
      const inputs = Object.entries(call(workflow, node)?.inputs ?? {});
      const changed = Object.fromEntries(inputs.map(([name, value]) => [name, moved(value ?? null)]));
      nodes[at(node)] = withInputs(workflow, node, changed);
    }
    const [one, batch] = [at("picture"), at("batch")];
    nodes[one] = {
      class_type: "ImageFromBatch",
      inputs: { image: moved(images), batch_index: picture, length: 1 },
    };
    if (film) nodes[batch] = { class_type: "ImageBatch", inputs: { image1: film, image2: [one, 0] } };
    film = [film ? batch : one, 0];
    slow.push(one);
  }
  return film && { workflow: { ...workflow, ...nodes }, frames: film, slow };
}

/** The nodes behind one that hang on another, whatever way there is between them. */
function dependents(workflow: JsonObject, node: string, on: string): string[] {
  const all = behind(workflow, node);
  const found = new Set([on]);
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const each of all) if (sources(workflow, each).some(([, from]) => found.has(from))) found.add(each);
  }
  return all.filter((each) => found.has(each) && each !== on);
}

function withInputs(workflow: JsonObject, node: string, inputs: Record<string, Json>): Nodes[string] {
  const { class_type, inputs: before } = call(workflow, node) ?? { class_type: "", inputs: {} };
  return { class_type, inputs: { ...(before as Record<string, Json>), ...inputs } };
}

/** A film to be looked at frame by frame. */
export function shownFilm({ workflow, frames, slow }: Film): Experiment {
  const target = own("frames");
  return experiment(
    workflow,
    { [target]: { class_type: "PreviewImage", inputs: { images: frames } } },
    target,
    slow,
  );
}

/** A film as a file, among the pictures that were made. */
export function savedFilm({ workflow, frames, slow }: Film): Experiment {
  const target = own("saved");
  const inputs = {
    images: frames,
    filename_prefix: "between",
    fps: PACE,
    lossless: false,
    quality: 90,
    method: "default",
  };
  return experiment(workflow, { [target]: { class_type: "SaveAnimatedWEBP", inputs } }, target, slow);
}
