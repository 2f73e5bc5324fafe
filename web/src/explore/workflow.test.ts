import { describe, expect, it } from "vitest";
import { catalogOf } from "@/graph/specs";
import { carriedOver } from "./axes";
import { presetAxes } from "./presets";
import { apiWorkflowOf, isLink, settingsOf, withChanges, withLora } from "./workflow";

const catalog = catalogOf([
  {
    class_type: "KSampler",
    title: "KSampler",
    inputs: [
      { name: "seed", type: "INT", control_after_generate: true },
      { name: "steps", type: "INT", minimum: 1 },
      { name: "cfg", type: "FLOAT" },
      { name: "sampler_name", type: "COMBO", choices: ["euler", "heun"] },
    ],
    outputs: [],
  },
  {
    class_type: "CheckpointLoaderSimple",
    title: "Load Checkpoint",
    inputs: [{ name: "ckpt_name", type: "COMBO", choices: [], folder: "checkpoints" }],
    outputs: [],
  },
]);

const workflow = apiWorkflowOf({
  "1": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "a.safetensors" } },
  "2": { class_type: "CLIPTextEncode", inputs: { text: "a cat", clip: ["1", 1] } },
  "3": { class_type: "CLIPTextEncode", inputs: { text: "blur", clip: ["1", 1] } },
  "4": {
    class_type: "ControlNetApplyAdvanced",
    inputs: { positive: ["2", 0], negative: ["3", 0], strength: 1 },
  },
  "5": {
    class_type: "KSampler",
    inputs: {
      model: ["1", 0],
      positive: ["4", 0],
      negative: ["4", 1],
      seed: 1,
      steps: 20,
      cfg: 5,
      sampler_name: "euler",
    },
    _meta: { title: "Sampler" },
  },
});

describe("the settings of a workflow", () => {
  const settings = workflow ? settingsOf(workflow, catalog) : [];

  it("are its inputs that are not linked, those people vary most first", () => {
    expect(settings.map(({ key }) => key)).toEqual([
      "5/steps",
      "5/cfg",
      "5/sampler_name",
      "5/seed",
      "2/text",
      "3/text",
      "1/ckpt_name",
      "4/strength",
    ]);
    expect(settings.map(({ kind }) => kind).join(" ")).toBe(
      "number number choice seed text text choice number",
    );
    expect(settings[0]?.title).toBe("Sampler");
  });

  it("know which prompt is which, through a ControlNet too", () => {
    expect(settings.filter(({ role }) => role).map(({ node, role }) => node + role)).toEqual([
      "2positive",
      "3negative",
    ]);
  });

  it("are changed without touching what was there", () => {
    if (!workflow) throw new Error();
    const changed = withChanges(workflow, [
      { node: "5", input: "cfg", value: 9 },
      { node: "99", input: "cfg", value: 9 },
    ]);
    expect(changed["5"]?.inputs.cfg).toBe(9);
    expect(workflow["5"]?.inputs.cfg).toBe(5);
    expect(changed["99"]).toBeUndefined();
    expect(changed["2"]).toBe(workflow["2"]);
  });

  it("keep their axes where another workflow has the same", () => {
    const axes = presetAxes("steps and cfg", settings, {}) ?? [];
    const other = settings
      .filter(({ input }) => input !== "steps")
      .map((setting) => ({ ...setting, key: `x${setting.key}` }));
    expect(carriedOver(axes, settings, other).map(({ setting }) => setting)).toEqual(["x5/cfg"]);
  });

  it("offer presets only where they can be done", () => {
    expect(presetAxes("samplers and schedulers", settings, {})).toBeNull();
    expect(presetAxes("denoise", settings, {})).toBeNull();
    expect(presetAxes("checkpoints and seeds", settings, { checkpoints: ["a.safetensors"] })).toBeNull();
    expect(
      presetAxes("checkpoints and seeds", settings, { checkpoints: ["a.safetensors", "b.safetensors"] }),
    ).toHaveLength(2);
  });
});

describe("a LoRA that is added", () => {
  it("stands between the checkpoint and all that uses its model and words, and is off", () => {
    const laid = workflow && withLora(workflow, "style.safetensors");
    expect(laid?.["6"]?.inputs).toEqual({
      model: ["1", 0],
      clip: ["1", 1],
      lora_name: "style.safetensors",
      strength_model: 0,
      strength_clip: 0,
    });
    expect(laid?.["5"]?.inputs.model).toEqual(["6", 0]);
    expect(laid?.["2"]?.inputs.clip).toEqual(["6", 1]);
    expect(laid && withLora(laid, "style.safetensors")).toBeNull();
  });
});

it("JSON that is no workflow is told from one", () => {
  expect(apiWorkflowOf({})).toBeNull();
  expect(apiWorkflowOf({ nodes: [] })).toBeNull();
  expect(apiWorkflowOf(null)).toBeNull();
  expect(isLink(["1", 0])).toBe(true);
  expect(isLink("1")).toBe(false);
});
