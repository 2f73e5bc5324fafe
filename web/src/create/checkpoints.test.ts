import { describe, expect, it } from "vitest";
import type { Model } from "@/api/client";
import { choicesOf } from "./catalog";
import { meant } from "./checkpoints";
import { fits } from "./Loras";

const model = (name: string, families = ["sd1"], side = 512) =>
  ({ name, families, recommended: { width: side, height: side } }) as Model;

describe("the checkpoint that is meant", () => {
  const models = [model("a.safetensors", ["sdxl"], 1024), model("starter-128.safetensors", ["sd1"], 128)];

  it("is the usual one where none was chosen", () => {
    expect(meant("", models)).toMatchObject({ name: "starter-128.safetensors", native: { width: 128 } });
  });

  it("may be named without its ending", () => {
    expect(meant("a", models)).toMatchObject({ name: "a.safetensors", isMissing: false });
  });

  it("is missing where there is none of its name, but not before the list is there", () => {
    expect(meant("b", models)).toMatchObject({ name: "b", isMissing: true });
    expect(meant("b", undefined).isMissing).toBe(false);
  });
});

it("a LoRA fits a checkpoint of its family, and where nobody knows", () => {
  expect(fits(model("l", ["sd1"]), model("c", ["sd1"]))).toBe(true);
  expect(fits(model("l", ["sdxl"]), model("c", ["sd1"]))).toBe(false);
  expect(fits(model("l", []), model("c", ["sd1"]))).toBe(true);
});

it("samplers are those that the node offers", () => {
  const nodes = [{ class_type: "KSampler", inputs: [{ name: "sampler_name", choices: ["euler", "lms"] }] }];
  expect(choicesOf(nodes, "KSampler", "sampler_name")).toEqual(["euler", "lms"]);
  expect(choicesOf(undefined, "KSampler", "sampler_name")).toEqual([]);
});
