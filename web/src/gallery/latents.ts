/** Pictures laid out by their latents: a small workflow that sends each through the VAE of a checkpoint. */

import type { Asset } from "@/api/client";
import type { Json, JsonObject } from "@/graph/json";
import type { Experiment } from "@/live/useExperiment";
import type { Placed } from "./mapping";

/** Pictures of one map: each has to go through the VAE. */
export const MOST_LATENTS = 200;
/** Pixels a side to which pictures are brought: latents of different sizes cannot be compared, and small ones are quick. */
export const SIDE = 64;

/** What PictureMap tells. */
export interface LaidOut {
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Shares of all that tells them apart, along and across; empty where directions mean nothing. */
  readonly explained: readonly number[];
}

type Link = readonly [node: string, output: number];
type Nodes = Record<string, { class_type: string; inputs: Record<string, Json> }>;

export function latentMap(
  pictures: readonly Pick<Asset, "path" | "folder">[],
  checkpoint: string,
  method: string,
): Experiment {
  const nodes: Nodes = {
    checkpoint: { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: checkpoint } },
  };
  const add = (id: string, class_type: string, inputs: Record<string, Json>): Link => {
    nodes[id] = { class_type, inputs };
    return [id, 0];
  };
  const slow: string[] = [];
  const ways = pictures.map(({ path, folder }, at) => {
    const file = add(`file-${at}`, "LoadImage", { image: `${path} [${folder}]` });
    const first = add(`first-${at}`, "ImageFromBatch", { image: file, batch_index: 0, length: 1 });
    const size = { width: SIDE, height: SIDE, crop: "center", upscale_method: "area" };
    const image = add(`image-${at}`, "ImageScale", { image: first, ...size });
    slow.push(`latent-${at}`);
    return { image, latent: add(`latent-${at}`, "VAEEncode", { pixels: image, vae: ["checkpoint", 2] }) };
  });
  const images = joined(
    ways.map(({ image }) => image),
    (image1, image2, at) => add(`images-${at}`, "ImageBatch", { image1, image2 }),
  );
  const latents = joined(
    ways.map(({ latent }) => latent),
    (samples1, samples2, at) => add(`latents-${at}`, "LatentBatch", { samples1, samples2 }),
  );
  const inputs = { images: images ?? null, latents: latents ?? null, method };
  const [target] = add("map", "PictureMap", inputs);
  return { workflow: nodes as unknown as JsonObject, target, slow };
}

/** Two and two together, until there is one: so that a batch of many is not copied for each that is added. */
function joined(
  links: readonly Link[],
  join: (one: Link, other: Link, at: string) => Link,
): Link | undefined {
  let left = links;
  for (let level = 0; left.length > 1; level++) {
    const pairs: Link[] = [];
    for (let at = 0; at < left.length; at += 2) {
      const [one, other] = [left[at], left[at + 1]];
      if (one) pairs.push(other ? join(one, other, `${level}-${at}`) : one);
    }
    left = pairs;
  }
  return left[0];
}

/** Where pictures lie by what a map tells of them. */
export function placedBy(pictures: readonly Asset[], { points }: LaidOut): Placed[] {
  return pictures.flatMap(({ id, prompt, path, width, height, thumbnail }, at) => {
    const [x, y] = points[at] ?? [];
    if (x === undefined || y === undefined) return [];
    return [{ id, x, y, prompt, path, width: width ?? 1, height: height ?? 1, thumbnail: thumbnail ?? "" }];
  });
}
