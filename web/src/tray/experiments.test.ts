import { expect, it } from "vitest";
import type { JsonObject } from "@/graph/json";
import {
  betweenPictures,
  betweenPrompts,
  forwardProcess,
  partsOf,
  partsOfCheckpoint,
  savedFilm,
  shownBy,
  shownFilm,
  thereAndBack,
  within,
} from "./experiments";

const WORKFLOW = {
  "1": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "a.safetensors" } },
  "2": { class_type: "CLIPTextEncode", inputs: { text: "a cat", clip: ["1", 1] } },
  "3": { class_type: "CLIPTextEncode", inputs: { text: "", clip: ["1", 1] } },
  "4": { class_type: "EmptyLatentImage", inputs: { width: 128, height: 128, batch_size: 2 } },
  "5": {
    class_type: "KSampler",
    inputs: { model: ["1", 0], positive: ["2", 0], negative: ["3", 0], latent_image: ["4", 0], seed: 7 },
  },
  "6": { class_type: "VAEDecode", inputs: { samples: ["5", 0], vae: ["1", 2] } },
  "7": { class_type: "SaveImage", inputs: { images: ["6", 0], filename_prefix: "x" } },
  "8": { class_type: "LoraLoader", inputs: { lora_name: "gone.safetensors", model: ["1", 0] } },
};
const PARTS = partsOf(WORKFLOW, "7", "5", "a cat");
const CAT = { path: "a/cat.png", folder: "output", width: 128, height: 192 };
const DOG = { path: "dog.png", folder: "input", width: 640, height: 640 };

interface Node {
  class_type: string;
  inputs: Record<string, unknown>;
}
const ofType = (workflow: JsonObject | undefined, type: string): Node[] =>
  Object.values((workflow ?? {}) as unknown as Record<string, Node>).filter(
    ({ class_type }) => class_type === type,
  );

/** Every link leads to a node that is there. */
function expectWhole(workflow: JsonObject | undefined): void {
  for (const { inputs } of Object.values((workflow ?? {}) as unknown as Record<string, Node>))
    for (const value of Object.values(inputs))
      if (Array.isArray(value)) expect(workflow).toHaveProperty([value[0]]);
}

it("the parts of a workflow are the ones that its sampler uses", () => {
  expect(PARTS).toMatchObject({ model: ["1", 0], vae: ["1", 2], positive: ["2", 0], text: "2" });
  expect(partsOf(WORKFLOW, "7", "5", "a dog").text).toBeNull();
});

it("a picture that was brought in is shown by a node that has the sampler behind it", () => {
  expect(shownBy(WORKFLOW, "6", "5")).toBe("6");
  expect(shownBy(WORKFLOW, "", "5")).toBe("7");
});

it("a picture goes through its own VAE, and nothing else is run", () => {
  const asked = thereAndBack(PARTS, CAT, null);
  expect(ofType(asked?.workflow, "VAEReconstruction")[0]?.inputs.vae).toEqual(["1", 2]);
  expect(ofType(asked?.workflow, "LoadImage")[0]?.inputs.image).toBe("a/cat.png [output]");
  expect(ofType(asked?.workflow, "KSampler")).toEqual([]);
  expectWhole(asked?.workflow);
});

it("a picture goes through the VAE of another file", () => {
  const alone = thereAndBack(PARTS, CAT, { folder: "vae", name: "b.safetensors" });
  expect(ofType(alone?.workflow, "VAELoader")[0]?.inputs.vae_name).toBe("b.safetensors");
  expect(ofType(alone?.workflow, "CheckpointLoaderSimple")).toEqual([]);
  const other = thereAndBack(PARTS, CAT, { folder: "checkpoints", name: "b.safetensors" });
  expect(ofType(other?.workflow, "VAEReconstruction")[0]?.inputs.vae).toEqual(["tray-vae", 2]);
});

it("the model is told other words, and a large picture is made small enough for it", () => {
  const wish = { most: 320, levels: 4, seed: 1, words: "a dog" };
  const asked = forwardProcess(PARTS, DOG, wish);
  expect(ofType(asked?.workflow, "CLIPTextEncode").map(({ inputs }) => inputs.text)).toEqual(["a dog"]);
  expect(ofType(asked?.workflow, "ImageScale")[0]?.inputs).toMatchObject({ width: 320, height: 320 });
  expect(ofType(asked?.workflow, "ForwardProcess")[0]?.inputs).toMatchObject({ levels: 4, seed: 1 });
  const same = forwardProcess(PARTS, CAT, { ...wish, words: null });
  expect(ofType(same?.workflow, "CLIPTextEncode").map(({ inputs }) => inputs.text)).toEqual(["a cat"]);
  expect(forwardProcess({ ...PARTS, text: null }, CAT, wish)).toBeNull();
  expectWhole(asked?.workflow);
});

it("a picture that tells of no workflow is looked at by a checkpoint", () => {
  const parts = partsOfCheckpoint("a.safetensors");
  expectWhole(forwardProcess(parts, DOG, { most: 320, levels: 2, seed: 0, words: "a dog" })?.workflow);
  expect(betweenPrompts(parts, "", { words: "a dog", frames: 3, method: "linear", picture: 0 })).toBeNull();
});

it("the second picture is brought to the size of the first", () => {
  const film = betweenPictures(PARTS, [CAT, DOG], { most: 512, frames: 9, method: "linear" });
  const asked = film && shownFilm(film);
  expect(ofType(asked?.workflow, "ImageScale").map(({ inputs }) => [inputs.width, inputs.height])).toEqual([
    [128, 192],
  ]);
  expect(ofType(asked?.workflow, "LatentWalk")[0]?.inputs).toMatchObject({ frames: 9, method: "linear" });
  expectWhole(asked?.workflow);
});

it("each prompt on the way has a sampler of its own with the same seed, and the negative one stays", () => {
  const wish = { words: "a dog", frames: 3, method: "spherical", picture: 1 } as const;
  const film = betweenPrompts(PARTS, "7", wish);
  const asked = film && shownFilm(film);
  const mixes = ofType(asked?.workflow, "ConditioningInterpolate");
  expect(mixes.map(({ inputs }) => inputs.share)).toEqual([0, 0.5, 1]);
  expect(mixes[0]?.inputs).toMatchObject({ conditioning_1: ["2", 0], conditioning_2: ["tray-other", 0] });
  const samplers = ofType(asked?.workflow, "KSampler");
  expect(samplers.map(({ inputs }) => inputs.positive)).toEqual([
    ["tray-mix-0", 0],
    ["tray-mix-1", 0],
    ["tray-mix-2", 0],
  ]);
  expect(samplers.every(({ inputs }) => inputs.seed === 7 && `${inputs.negative}` === "3,0")).toBe(true);
  expect(ofType(asked?.workflow, "ImageFromBatch")[2]?.inputs).toMatchObject({
    image: ["tray-6-2", 0],
    batch_index: 1,
  });
  expect(ofType(asked?.workflow, "ImageBatch")).toHaveLength(2);
  expectWhole(asked?.workflow);
  expect(WORKFLOW["5"].inputs.positive).toEqual(["2", 0]);
});

it("a film is saved once, and nothing else is", () => {
  const film = betweenPrompts(PARTS, "7", { words: "a dog", frames: 3, method: "linear", picture: 0 });
  const asked = film && savedFilm(film);
  expect(ofType(asked?.workflow, "SaveAnimatedWEBP")).toHaveLength(1);
  expect(ofType(asked?.workflow, "SaveImage")).toEqual([]);
  expectWhole(asked?.workflow);
});

it("sizes come in whole cells of a latent", () => {
  expect(within({ width: 128, height: 192 }, 512)).toEqual({ width: 128, height: 192 });
  expect(within({ width: 1001, height: 500 }, 500)).toEqual({ width: 504, height: 248 });
  expect(within({ width: 4000, height: 3 }, 512)).toEqual({ width: 512, height: 8 });
});
