import { expect, it } from "vitest";
import { Digits } from "@/graph/json";
import { linesOf, type Recipe } from "./recipe";

const RECIPE: Recipe = {
  prompt: "a cat",
  negative: "",
  checkpoint: "starter-128.safetensors",
  vae: null,
  steps: 20,
  cfg: 5.5,
  sampler: "euler",
  scheduler: "normal",
  seed: 7,
  width: 128,
  height: 192,
  denoise: 1,
  clip_skip: null,
  loras: [{ name: "ink.safetensors", strength: 0.8 }],
  parameters: "",
  workflow: null,
  editor: null,
  wish: null,
  models: [],
  software: {},
  device: "",
  seconds: null,
};

it("a recipe tells what it knows", () => {
  expect(linesOf(RECIPE)).toEqual({
    prompt: "a cat",
    checkpoint: "starter-128.safetensors",
    loras: "ink.safetensors × 0.8",
    size: "128 × 192",
    steps: "20",
    cfg: "5.5",
    sampler: "euler",
    scheduler: "normal",
    seed: "7",
  });
});

it("seeds are shown to the last digit", () => {
  expect(linesOf({ ...RECIPE, seed: new Digits("18446744073709551615") }).seed).toBe("18446744073709551615");
});
