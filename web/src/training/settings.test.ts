import { describe, expect, it } from "vitest";
import { differing, merged, named, read, tablesOf, typed, valueAt, withValue } from "./settings";

/** As pydantic writes it. */
const SCHEMA = {
  properties: {
    name: { type: "string" },
    kind: { enum: ["lora", "full"], type: "string" },
    data: { $ref: "#/$defs/Data" },
    adapter: { $ref: "#/$defs/Adapter" },
    full: { $ref: "#/$defs/Full" },
  },
  $defs: {
    Data: {
      description: "The pictures.",
      properties: {
        folder: { format: "path", type: "string" },
        resolution: { type: "integer", minimum: 0, multipleOf: 8, description: "Side\nof a square." },
        flip: { type: "boolean" },
        prior_folder: { anyOf: [{ format: "path", type: "string" }, { type: "null" }], default: null },
      },
    },
    Adapter: {
      properties: {
        kind: { enum: ["lora", "loha"], type: "string" },
        layers: { type: "array", items: { type: "string" } },
        ranks: { type: "object", additionalProperties: { type: "integer" } },
        betas: { type: "array", prefixItems: [{ type: "number" }, { type: "number" }] },
        clip: { type: "number", exclusiveMinimum: 0 },
      },
    },
    Full: { properties: { layers: { type: "array", items: { type: "string" } } } },
  },
};

describe("the form of the settings", () => {
  it("has the tables of the kind of run, without what is asked elsewhere", () => {
    expect(tablesOf(SCHEMA, "lora").map(({ name }) => name)).toEqual(["data", "adapter"]);
    expect(tablesOf(SCHEMA, "full").map(({ name }) => name)).toEqual(["data", "full"]);
    expect(tablesOf(SCHEMA, "denoiser").map(({ name }) => name)).toEqual(["data", "full"]);
    expect(tablesOf(SCHEMA, "controlnet").map(({ name }) => name)).toEqual(["data"]);
    const [data] = tablesOf(SCHEMA, "lora");
    expect(data?.fields.map(({ path }) => path)).toEqual([
      "data.resolution",
      "data.flip",
      "data.prior_folder",
    ]);
  });

  it("has a control for each setting by what it may be", () => {
    const fields = tablesOf(SCHEMA, "lora").flatMap((table) => table.fields);
    expect(fields.map(({ kind }) => kind)).toEqual([
      "whole",
      "switch",
      "text",
      "choice",
      "lines",
      "map",
      "numbers",
      "number",
    ]);
    expect(fields[0]).toMatchObject({ min: 0, step: 8, about: "Side of a square." });
    expect(fields[2]?.isOptional).toBe(true);
    expect(fields.at(-1)?.min).toBe(0);
  });
});

it.each([
  [["attentions", "mlp"], "lines", "attentions\nmlp"],
  [[""], "lines", "*"],
  [[], "lines", ""],
  [[0.9, 0.99], "numbers", "0.9, 0.99"],
  [{ attn2: 16 }, "map", "attn2 = 16"],
  ["some/folder", "text", "some/folder"],
] as const)("%o is typed and read back the same", (value, kind, text) => {
  expect(typed(value)).toBe(text);
  expect(read(text, { kind, isOptional: false })).toEqual(value);
});

it("what is no value is none, and an empty optional text is nothing", () => {
  expect(read("0.9, x", { kind: "numbers", isOptional: false })).toBeUndefined();
  expect(read("attn2 is 8", { kind: "map", isOptional: false })).toBeUndefined();
  expect(read(" ", { kind: "text", isOptional: true })).toBeNull();
});

it("a value is put in and taken away again without a trace", () => {
  const values = { run: { steps: 5 } };
  const more = withValue(values, "data.flip", true);
  expect(valueAt(more, "data.flip")).toBe(true);
  expect(withValue(more, "data.flip", undefined)).toEqual(values);
  expect(withValue(values, "name", "zorb")).toEqual({ ...values, name: "zorb" });
});

it("what is said last counts, setting by setting", () => {
  const all = merged({ run: { steps: 600, batch: 4 } }, { run: { steps: 800 } }, { name: "zorb" });
  expect(all).toEqual({ run: { steps: 800, batch: 4 }, name: "zorb" });
  expect(differing(all, { run: { steps: 600, batch: 4 } })).toEqual([["run.steps", 800]]);
});

it.each([
  ["run.steps: Input should be greater than or equal to 1.", "run.steps"],
  ["samples.prompts.0: Input should be a valid string.", "samples.prompts"],
  ["name: is missing.", "name"],
  ["There is no folder a: b.", ""],
])("“%s” is about %s", (message, path) => {
  expect(named(message).path).toBe(path);
});
