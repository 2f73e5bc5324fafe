import { expect, it } from "vitest";
import type { InputSpec } from "@/graph/types";
import { hasSlider, isNarrow, type Kind, kindOf } from "./kinds";

const CASES: readonly (readonly [Kind, Omit<InputSpec, "name">])[] = [
  ["prompt", { type: "STRING", multiline: true, dynamic_prompts: true }],
  ["text", { type: "STRING", multiline: true }],
  ["line", { type: "STRING" }],
  ["number", { type: "FLOAT", minimum: 0, maximum: 1 }],
  ["seed", { type: "INT", minimum: 0, maximum: 2 ** 64 }],
  ["switch", { type: "BOOLEAN" }],
  ["choice", { type: "COMBO", choices: ["euler"] }],
  ["choice", { type: "COMBO", folder: "loras" }],
  ["picture", { type: "COMBO", folder: "input", upload: true }],
  ["colour", { type: "COLOR" }],
  ["curve", { type: "CURVE" }],
  ["other", { type: "SPLINE" }],
];

it.each(CASES)("a field is a %s by what its node says of it", (kind, spec) => {
  expect(kindOf({ name: "value", ...spec })).toBe(kind);
});

it("a slider is offered for a short range only", () => {
  const spec = { name: "denoise", type: "FLOAT", minimum: 0, maximum: 1, step: 0.01 };
  expect(hasSlider(spec)).toBe(true);
  expect(hasSlider({ ...spec, maximum: 100 })).toBe(false);
  expect(hasSlider({ ...spec, maximum: null })).toBe(false);
  expect(isNarrow({ ...spec, maximum: 100 })).toBe(true);
});
