import { describe, expect, it } from "vitest";
import { cellsOf, type Line, neighbour } from "./cells";

function line(node: string, input: string, ...values: (string | number)[]): Line {
  return { node, input, name: input, values: values.map((value) => ({ value, label: String(value) })) };
}

const cfg = line("5", "cfg", 2, 4, 6);
const steps = line("5", "steps", 10, 20);
const checkpoint = line("1", "ckpt_name", "a", "b");

describe("the cells of a grid", () => {
  it("are all combinations, row by row", () => {
    expect(cellsOf([cfg, steps]).map(({ key }) => key)).toEqual([
      "0,0,0",
      "1,0,0",
      "2,0,0",
      "0,1,0",
      "1,1,0",
      "2,1,0",
    ]);
    expect(cellsOf([cfg, steps, checkpoint])).toHaveLength(12);
  });

  it("change what is slow to change least, wherever it stands", () => {
    const runs = cellsOf([checkpoint, steps, cfg], [3, 0, 0]);
    const changes = runs.map(({ changes: [first] }) => first?.value);
    expect(changes).toEqual([..."aaaaaabbbbbb"]);
    expect(new Set(runs.map(({ key }) => key)).size).toBe(12);
  });

  it("say what is changed, after what is fixed for all", () => {
    const fixed = [{ node: "2", input: "text", value: "a dog" }];
    expect(cellsOf([cfg, steps], [], fixed)[4]).toEqual({
      key: "1,1,0",
      changes: [...fixed, { node: "5", input: "cfg", value: 4 }, { node: "5", input: "steps", value: 20 }],
    });
  });

  it("change what goes with a setting, too", () => {
    const strength = { ...line("3", "strength_model", 0.5), also: "strength_clip" };
    expect(cellsOf([strength])[0]?.changes).toEqual([
      { node: "3", input: "strength_model", value: 0.5 },
      { node: "3", input: "strength_clip", value: 0.5 },
    ]);
  });

  it("have neighbours up to the edge", () => {
    expect(neighbour([0, 0, 0], "ArrowRight", [3, 2, 1])).toEqual([1, 0, 0]);
    expect(neighbour([2, 1, 0], "ArrowRight", [3, 2, 1])).toEqual([2, 1, 0]);
    expect(neighbour([2, 1, 0], "PageDown", [3, 2, 2])).toEqual([2, 1, 1]);
    expect(neighbour([2, 1, 0], "a", [3, 2, 2])).toEqual([2, 1, 0]);
  });
});
