import { expect, it } from "vitest";
import { behind, byWeight, changed, planned } from "./trying";

const WORKFLOW = {
  "1": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "a.safetensors" } },
  "2": { class_type: "CLIPTextEncode", inputs: { text: "a cat", clip: ["1", 1] } },
  "3": { class_type: "CLIPTextEncode", inputs: { text: "a cat", clip: ["1", 1] } },
  "5": {
    class_type: "KSampler",
    inputs: { model: ["1", 0], positive: ["3", 0], negative: ["2", 0], steps: 20, scheduler: "normal" },
  },
  "7": { class_type: "SaveImage", inputs: { images: ["5", 0], filename_prefix: "x" } },
};
const inputs = (workflow: unknown, node: string) =>
  (workflow as Record<string, { class_type: string; inputs: Record<string, unknown> }>)[node];

it("the prompt is changed where the picture's words are, and not in the negative one", () => {
  const other = changed(WORKFLOW, "5", byWeight("a (cat:1.3)", "a cat"));
  expect(inputs(other, "3")?.inputs.text).toBe("a (cat:1.3)");
  expect(inputs(other, "2")?.inputs.text).toBe("a cat");
});

it("a setting is changed at the nearest node that has it, and nothing is saved", () => {
  const other = changed(WORKFLOW, "5", { input: "steps", value: 4 });
  expect(inputs(other, "5")?.inputs.steps).toBe(4);
  expect(inputs(other, "7")).toEqual({ class_type: "PreviewImage", inputs: { images: ["5", 0] } });
  expect(inputs(WORKFLOW, "5")?.inputs.steps).toBe(20);
});

it("what no node has is not changed", () => {
  expect(changed(WORKFLOW, "5", { input: "guidance", value: 4 })).toBeNull();
});

it("the nodes behind one come in the order of their distance", () => {
  expect(behind(WORKFLOW, "7")).toEqual(["7", "5", "1", "3", "2"]);
});

it("the plan is asked of the model that the sampler runs", () => {
  const asked = planned(WORKFLOW, "5", { sampler: "euler", scheduler: "normal", steps: 20, denoise: 1 });
  expect(inputs(asked?.workflow, asked?.target ?? "")?.inputs.model).toEqual(["1", 0]);
});
