import { expect, it } from "vitest";
import { lorasBehind, reported, withStrength } from "./loras";
import { changed } from "./trying";

const lora = (name: string, strength: number, from: string) => ({
  class_type: "LoraLoader",
  inputs: {
    lora_name: name,
    strength_model: strength,
    strength_clip: strength,
    model: [from, 0],
    clip: [from, 1],
  },
});
const WORKFLOW = {
  "1": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "a.safetensors" } },
  "2": lora("first.safetensors", 0.5, "1"),
  "3": lora("second.safetensors", 1, "2"),
  "4": { class_type: "KSampler", inputs: { model: ["3", 0], steps: 20 } },
};

it("the LoRAs of a workflow come in the order in which they are laid on", () => {
  expect(lorasBehind(WORKFLOW, "4")).toEqual([
    { name: "first.safetensors", strength: 0.5 },
    { name: "second.safetensors", strength: 1 },
  ]);
  expect(lorasBehind({ "4": { class_type: "KSampler", inputs: {} } }, "4")).toEqual([]);
});

it("a LoRA is reported on the checkpoint alone, and by itself where there is none", () => {
  const { workflow, target } = reported(WORKFLOW, "4", "first.safetensors");
  expect(workflow[target]).toEqual({
    class_type: "LoraReport",
    inputs: { lora_name: "first.safetensors", model: ["1", 0], clip: ["1", 1] },
  });
  expect(reported(null, "4", "x").workflow).toEqual({
    touched: { class_type: "LoraReport", inputs: { lora_name: "x" } },
  });
});

it("of several LoRAs the strength of the one that is meant is changed, in both places", () => {
  const other = changed(WORKFLOW, "4", withStrength("first.safetensors", 0));
  expect(other?.["2"]).toMatchObject({ inputs: { strength_model: 0, strength_clip: 0 } });
  expect(other?.["3"]).toEqual(WORKFLOW["3"]);
  expect(changed(WORKFLOW, "4", withStrength("third", 0))).toBeNull();
});
