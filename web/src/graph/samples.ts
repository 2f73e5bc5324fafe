/** Node types and documents that the tests of this folder share. */

import { readFileSync } from "node:fs";
import type { Json, JsonObject } from "./json";
import { readDoc } from "./read";
import { catalogOf } from "./specs";
import type { Doc } from "./types";

const TEXT = { name: "text", type: "STRING", default: "", multiline: true, dynamic_prompts: true };
const SIDE = { type: "INT", default: 512, minimum: 16, maximum: 16384, step: 8 };

export const CATALOG = catalogOf([
  type(
    "CheckpointLoaderSimple",
    "Load Checkpoint",
    "loaders",
    [{ name: "ckpt_name", type: "COMBO", choices: [], folder: "checkpoints" }],
    ["MODEL", "CLIP", "VAE"],
  ),
  type(
    "CLIPTextEncode",
    "CLIP Text Encode (Prompt)",
    "conditioning",
    [{ name: "clip", type: "CLIP" }, TEXT],
    ["CONDITIONING"],
  ),
  type(
    "EmptyLatentImage",
    "Empty Latent Image",
    "latent",
    [
      { name: "width", ...SIDE },
      { name: "height", ...SIDE },
      { name: "batch_size", type: "INT", default: 1, minimum: 1, maximum: 4096 },
    ],
    ["LATENT"],
  ),
  type(
    "KSampler",
    "KSampler",
    "sampling",
    [
      { name: "model", type: "MODEL" },
      { name: "seed", type: "INT", default: 0, minimum: 0, maximum: 2 ** 64, control_after_generate: true },
      { name: "steps", type: "INT", default: 20, minimum: 1, maximum: 10000 },
      { name: "cfg", type: "FLOAT", default: 8, minimum: 0, maximum: 100, step: 0.1 },
      { name: "sampler_name", type: "COMBO", choices: ["euler", "heun", "lms"] },
      { name: "scheduler", type: "COMBO", choices: ["simple", "normal"] },
      { name: "positive", type: "CONDITIONING" },
      { name: "negative", type: "CONDITIONING" },
      { name: "latent_image", type: "LATENT" },
      { name: "denoise", type: "FLOAT", default: 1, minimum: 0, maximum: 1, step: 0.01 },
    ],
    ["LATENT"],
  ),
  type(
    "VAEDecode",
    "VAE Decode",
    "latent",
    [
      { name: "samples", type: "LATENT" },
      { name: "vae", type: "VAE" },
    ],
    ["IMAGE"],
  ),
  type(
    "SaveImage",
    "Save Image",
    "image",
    [
      { name: "images", type: "IMAGE" },
      { name: "filename_prefix", type: "STRING", default: "safelight" },
    ],
    [],
  ),
  type(
    "LoadImage",
    "Load Image",
    "image",
    [{ name: "image", type: "COMBO", choices: [], folder: "input", upload: true }],
    ["IMAGE", "MASK"],
  ),
  type(
    "LoadImageMask",
    "Load Image (as Mask)",
    "mask",
    [
      { name: "image", type: "COMBO", choices: [], folder: "input", upload: true },
      { name: "channel", type: "COMBO", choices: ["alpha", "red", "green", "blue"] },
    ],
    ["MASK"],
  ),
  type("ImageInvert", "Invert Image", "image", [{ name: "image", type: "IMAGE" }], ["IMAGE"]),
  type(
    "LoraLoader",
    "Load LoRA",
    "loaders",
    [
      { name: "model", type: "MODEL" },
      { name: "clip", type: "CLIP" },
      { name: "lora_name", type: "COMBO", choices: [], folder: "loras" },
      { name: "strength_model", type: "FLOAT", default: 1 },
      { name: "strength_clip", type: "FLOAT", default: 1 },
    ],
    ["MODEL", "CLIP"],
  ),
  type("PrimitiveInt", "Int", "utils", [{ name: "value", type: "INT", default: 0 }], ["INT"]),
  type("ShowAny", "Show", "utils", [{ name: "value", type: "*", required: false }], []),
]);

export const FILES = { checkpoints: ["starter.safetensors"], input: ["cat.png"], loras: ["ink.safetensors"] };

/** Documents as they lie in the repository, by name. */
export function template(name: string): JsonObject {
  return JSON.parse(
    readFileSync(new URL(`../../../src/safelight/templates/${name}.json`, import.meta.url), "utf8"),
  );
}

export function opened(json: JsonObject): Doc {
  return readDoc(json, CATALOG);
}

/** The nodes of the text-to-image template: checkpoint, prompt, negative prompt, size, sampler, decoder, end. */
export const [CHECKPOINT, PROMPT, NEGATIVE, LATENT, SAMPLER, DECODER, END] = [
  "1",
  "2",
  "3",
  "4",
  "5",
  "6",
  "7",
] as const;

export const ROOM = "dfe9eb32-97c0-43a5-90d5-4fd37768d91b";

/** A subgraph of an empty latent, whose width comes from outside, in a document with waypoints, groups and notes. */
export function nested(): JsonObject {
  return {
    id: "6d3b1f5e-0000-4000-8000-000000000000",
    revision: 3,
    last_node_id: 58,
    last_link_id: 12,
    nodes: [
      {
        id: 57,
        type: ROOM,
        pos: [10.5, -20],
        size: [240, 80],
        flags: { collapsed: true },
        order: 0,
        mode: 0,
        inputs: [{ label: "Width", name: "width", type: "INT", widget: { name: "width" }, link: null }],
        outputs: [{ localized_name: "LATENT", name: "LATENT", type: "LATENT", links: [9] }],
        properties: {
          proxyWidgets: [
            ["-1", "width"],
            ["3", "height"],
            ["4", "seed"],
            ["4", "control_after_generate"],
          ],
          cnr_id: "core",
        },
        widgets_values: [64, null, 12, "increment"],
      },
      {
        id: 9,
        type: "VAEDecode",
        pos: { 0: 400, 1: 0 },
        size: { 0: 210, 1: 46 },
        flags: {},
        order: 1,
        mode: 4,
        inputs: [
          { name: "samples", type: "LATENT", link: 9 },
          { name: "vae", type: "VAE", link: 77 },
        ],
        outputs: [{ name: "IMAGE", type: "IMAGE", links: null }],
        properties: { "Node name for S&R": "VAEDecode" },
        color: "#323",
        bgcolor: "#535",
        shape: 1,
      },
      {
        id: 10,
        type: "MarkdownNote",
        pos: [0, 300],
        size: [200, 80],
        flags: { pinned: true },
        order: 2,
        mode: 0,
        inputs: [],
        outputs: [],
        properties: {},
        widgets_values: ["# words · ö"],
        color: "#432",
        bgcolor: "#653",
      },
      {
        id: 11,
        type: "FancyNode",
        pos: [0, 500],
        size: [200, 80],
        mode: 2,
        widgets_values: [{ a: [1, null] }, "word", 18446744073709552000],
        custom: { kept: true },
      },
    ],
    links: [[9, 57, 0, 9, 0, "LATENT"], null, [12, 57, 0, 777, 0, "LATENT"]],
    groups: [
      {
        id: 1,
        title: "Decoding",
        bounding: [380, -60, 300, 200],
        color: "#3f789e",
        font_size: 24,
        flags: {},
      },
      { title: "Old", bounding: [0, 0, 10, 10] },
    ],
    definitions: {
      subgraphs: [
        {
          id: ROOM,
          version: 1,
          state: { lastGroupId: 0, lastNodeId: 4, lastLinkId: 3, lastRerouteId: 1 },
          revision: 0,
          config: {},
          name: "Empty picture",
          inputNode: { id: -10, bounding: [-150, 390, 125.2, 160] },
          outputNode: { id: -20, bounding: [900, 390, 120, 60] },
          inputs: [
            {
              id: "e9a14390-4f93-4065-8b02-323f999527c0",
              name: "width",
              type: "INT",
              linkIds: [1],
              label: "Width",
              pos: [-44, 410],
            },
          ],
          outputs: [
            {
              id: "f138a0aa-489a-42e1-92f7-e3747688c94d",
              name: "LATENT",
              type: "LATENT",
              linkIds: [2, 33],
              pos: [920, 410],
            },
          ],
          widgets: [],
          nodes: [
            {
              id: 3,
              type: "EmptyLatentImage",
              pos: [100, 300],
              size: [270, 106],
              flags: {},
              order: 0,
              mode: 0,
              inputs: [
                { localized_name: "width", name: "width", type: "INT", widget: { name: "width" }, link: 1 },
                { name: "height", type: "INT", widget: { name: "height" }, link: null },
                { name: "batch_size", type: "INT", widget: { name: "batch_size" }, link: null },
              ],
              outputs: [{ name: "LATENT", type: "LATENT", links: [2] }],
              properties: {},
              widgets_values: [512, 256, 1],
            },
            {
              id: 4,
              type: "KSampler",
              pos: [100, 500],
              size: [270, 262],
              flags: {},
              order: 1,
              mode: 0,
              inputs: [],
              outputs: [],
              properties: {},
              widgets_values: [7, "fixed", 20, 8, "euler", "normal", 1],
            },
          ],
          groups: [],
          links: [
            { id: 1, origin_id: -10, origin_slot: 0, target_id: 3, target_slot: 0, type: "INT" },
            {
              id: 2,
              origin_id: 3,
              origin_slot: 0,
              target_id: -20,
              target_slot: 0,
              type: "LATENT",
              parentId: 1,
            },
          ],
          reroutes: [{ id: 1, pos: [600, 350], linkIds: [2] }],
          extra: { workflowRendererVersion: "LG" },
        },
      ],
    },
    config: {},
    extra: {
      ds: { scale: 0.1234567890123456, offset: [1, 2] },
      reroutes: [
        { id: 2, pos: [300, 20], linkIds: [9] },
        { id: 3, parentId: 2, pos: [330, 20], linkIds: [9] },
      ],
      linkExtensions: [{ id: 9, parentId: 3 }],
    },
    version: 0.4,
    unknown: "kept",
  };
}

function type(
  class_type: string,
  title: string,
  category: string,
  inputs: readonly Json[],
  outputs: readonly string[],
): JsonObject {
  const given = outputs.map((name) => ({ name, type: name }));
  return { class_type, title, category, description: `${title}.`, inputs, outputs: given };
}
