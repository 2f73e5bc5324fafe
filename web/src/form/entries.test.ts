import { describe, expect, it } from "vitest";
import { setControl } from "@/graph/edit";
import { expose, formOf } from "@/graph/expose";
import { Digits } from "@/graph/json";
import { nodeAt } from "@/graph/room";
import { CATALOG, CHECKPOINT, NEGATIVE, opened, PROMPT, SAMPLER, template } from "@/graph/samples";
import { beforeRun } from "@/graph/seeds";
import { afterRun, filled, isTouched, keyOf, readEntries, steeredIn } from "./entries";

const plain = opened(template("text-to-image"));
const doc = [
  [PROMPT, "text"],
  [SAMPLER, "steps"],
].reduce((now, [id = "", widget = ""]) => expose(now, [], id, widget), plain);
const STEPS = keyOf({ path: [SAMPLER], widget: "steps", label: "", help: "" });
const SEED = keyOf({ path: [SAMPLER], widget: "seed", label: "", help: "" });

describe("what is entered into a form", () => {
  it("is in the workflow that is run, and leaves the saved one as it was", () => {
    const run = filled(doc, CATALOG, { [STEPS]: { value: 7 } });
    expect(nodeAt(run, [], SAMPLER)?.values.steps).toBe(7);
    expect(nodeAt(doc, [], SAMPLER)?.values.steps).toBe(20);
    expect(filled(doc, CATALOG, {})).toBe(doc);
  });

  it("is left aside where the form does not show it any more", () => {
    const run = filled(doc, CATALOG, { [`${CHECKPOINT} ckpt_name`]: { value: "other.safetensors" } });
    expect(run).toBe(doc);
  });

  it("has the seed that a run drew, and keeps it when nothing is drawn", () => {
    const seeded = expose(doc, [], SAMPLER, "seed");
    const drawing = filled(seeded, CATALOG, { [SEED]: { control: "randomize" } });
    const drawn = beforeRun(drawing, CATALOG, () => 0.5);
    const entries = afterRun({ [SEED]: { control: "randomize" } }, drawn, CATALOG);
    expect(entries[SEED]).toEqual({ control: "randomize", value: nodeAt(drawn, [], SAMPLER)?.values.seed });
    expect(afterRun({}, seeded, CATALOG)).toEqual({});
  });

  it("goes on counting in nodes that no field shows", () => {
    const counting = setControl(doc, [], SAMPLER, "seed", "increment");
    const first = beforeRun(counting, CATALOG);
    const steered = steeredIn(first, CATALOG);
    const second = beforeRun(filled(counting, CATALOG, {}, steered), CATALOG);
    expect(nodeAt(second, [], SAMPLER)?.values.seed).toBe(44);
    expect(filled(doc, CATALOG, {}, steered)).toBe(doc); // the workflow counts no more
  });

  it("is known to differ from the workflow only while a field shows it", () => {
    const { shown } = formOf(doc, CATALOG);
    expect(isTouched(shown, { [STEPS]: { value: 7 } })).toBe(true);
    expect(isTouched(shown, { [`${NEGATIVE} text`]: { value: "blur" } })).toBe(false);
  });

  it("is read again as it was kept, with whole numbers above 2^53", () => {
    const seed = new Digits("18446744073709551615");
    expect(
      readEntries({ [SEED]: { value: seed, control: "fixed" }, odd: 3, other: { control: "odd" } }),
    ).toEqual({ [SEED]: { value: seed, control: "fixed" }, other: {} });
  });
});
