import { describe, expect, it } from "vitest";
import { moveNodes, removeNodes, setControl, setMode, setTitle, setValue } from "@/graph/edit";
import { CATALOG, opened, PROMPT, SAMPLER, template } from "@/graph/samples";
import type { Doc } from "@/graph/types";
import english from "@/texts/en/canvas.json";
import { differences } from "./differences";

const doc = opened(template("text-to-image"));
const words: Readonly<Record<string, string>> = english;

/** English, as the interface has it. */
function t(key: string, values: Readonly<Record<string, string | number>> = {}): string {
  const text = words[key] ?? words[`${key}_${values.n === 1 ? "one" : "other"}`] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
}

function told(after: Doc, before = doc): readonly string[] {
  return differences(before, after, CATALOG, t).flatMap(({ lines }) =>
    lines.map(({ text, values }) => (values ? `${text}: ${values.join(" → ")}` : text)),
  );
}

describe("what differs is told", () => {
  it("as nothing for the same document", () => expect(told(doc)).toEqual([]));

  it("with values before and after", () => {
    expect(told(setValue(doc, [], SAMPLER, "steps", 30))).toEqual(["Sampler · steps: 20 → 30"]);
    expect(told(setControl(doc, [], SAMPLER, "seed", "randomize"))).toEqual([
      "Sampler · seed, after each run: stays → is random",
    ]);
    expect(told(setMode(doc, [], [SAMPLER], "muted"))).toEqual(["Sampler · how it runs: normally → muted"]);
  });

  it("by nodes, without the wires that went with them", () => {
    expect(told(removeNodes(doc, [], CATALOG, [PROMPT]))).toEqual(["Prompt deleted"]);
    expect(told(doc, removeNodes(doc, [], CATALOG, [PROMPT]))).toEqual([
      "Prompt added",
      "Checkpoint · CLIP → Prompt · clip linked",
      "Prompt · CONDITIONING → Sampler · positive linked",
    ]);
  });

  it("with mere looks last", () => {
    const moved = moveNodes(doc, [], new Map([[PROMPT, [5, 5]]]));
    const renamed = setTitle(setValue(moved, [], SAMPLER, "cfg", 1), [], SAMPLER, "Engine");
    expect(told(renamed)).toEqual([
      "Engine · cfg: 5 → 1",
      "Sampler is called Engine now",
      "1 node moved or resized",
    ]);
  });
});
