import { describe, expect, it } from "vitest";
import { newAxis, valuesOf } from "./axes";
import type { Setting } from "./workflow";

function setting(kind: Setting["kind"], value: Setting["value"], spec: object = {}): Setting {
  const port = { name: "x", type: "FLOAT", ...spec };
  return { key: "1/x", node: "1", input: "x", kind, title: "Sampler", role: "", value, spec: port };
}

const cfg = setting("number", 7, { minimum: 0, maximum: 100 });
const steps = setting("number", 20, { type: "INT", minimum: 1, maximum: 10000 });
const prompt = setting("text", "a cat near a catalogue, Cat");

function values(of: Setting, rest: object): unknown[] {
  return valuesOf(newAxis(of, {}, rest), of).values.map(({ value }) => value);
}

function wrong(of: Setting, rest: object): string | undefined {
  return valuesOf(newAxis(of, {}, rest), of).wrong?.why;
}

describe("the values of an axis", () => {
  it("are numbers with any separator, each once", () => {
    expect(values(cfg, { list: "1, 2.5;4，6、1 0" })).toEqual([1, 2.5, 4, 6, 0]);
  });

  it("are refused with the reason", () => {
    expect(wrong(cfg, { list: "" })).toBe("no values");
    expect(wrong(cfg, { list: "1, two" })).toBe("no number");
    expect(wrong(cfg, { list: "101" })).toBe("too high");
    expect(wrong(steps, { list: "0" })).toBe("too low");
    expect(wrong(steps, { list: "2.5" })).toBe("no whole number");
    expect(wrong(cfg, { way: "range", from: 0, to: 1, step: 0 })).toBe("step is zero");
    expect(wrong(cfg, { way: "range", from: 0, to: 50, step: 0.01 })).toBe("too many values");
    expect(wrong(cfg, { way: "choose", chosen: [] })).toBe("nothing chosen");
  });

  it("of a range have no trail of digits, reach the end, and go down too", () => {
    expect(values(cfg, { way: "range", from: 0.1, to: 0.5, step: 0.1 })).toEqual([0.1, 0.2, 0.3, 0.4, 0.5]);
    expect(values(steps, { way: "range", from: 30, to: 10, step: 10 })).toEqual([30, 20, 10]);
    expect(values(cfg, { way: "range", from: 3, to: 3, step: 1 })).toEqual([3]);
  });

  it("keep all digits of a long seed", () => {
    const seed = setting("seed", 1, { type: "INT", minimum: 0 });
    expect(values(seed, { way: "list", list: "18446744073709551615" }).map(String)).toEqual([
      "18446744073709551615",
    ]);
  });
});

describe("search and replace", () => {
  it("takes whole words, in any case, and keeps the prompt itself first", () => {
    expect(values(prompt, { find: "cat", by: "dog, red car" })).toEqual([
      "a cat near a catalogue, Cat",
      "a dog near a catalogue, dog",
      "a red car near a catalogue, red car",
    ]);
    expect(values(prompt, { find: "cat", by: "dog", keep: false })).toHaveLength(1);
  });

  it("finds parts of words where there is no whole one, and takes signs as they are", () => {
    expect(values(setting("text", "一只猫"), { find: "猫", by: "狗、鸟", keep: false })).toEqual([
      "一只狗",
      "一只鸟",
    ]);
    expect(values(setting("text", "(cat:1.2)"), { find: "(cat:1.2)", by: "$& dog", keep: false })).toEqual([
      "$& dog",
    ]);
  });

  it("says when the word is not there", () => {
    expect(wrong(prompt, { find: "dog", by: "cat" })).toBe("not in the prompt");
    expect(wrong(prompt, { find: " ", by: "cat" })).toBe("nothing to find");
  });
});

describe("a new axis", () => {
  it("begins with values that are allowed, around the present one", () => {
    expect(values(cfg, {})).toEqual([3.5, 7, 10.5, 14]);
    expect(values(steps, {})).toEqual([10, 20, 30, 40]);
    expect(values(setting("number", 1, { minimum: 0, maximum: 1 }), {})).toEqual([0.25, 0.5, 0.75, 1]);
    expect(values(setting("switch", true), {})).toEqual([false, true]);
  });
});
