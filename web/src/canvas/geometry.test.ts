import { expect, it } from "vitest";
import { addNode } from "@/graph/edit";
import { emptyDoc } from "@/graph/read";
import { catalogOf, portsOf } from "@/graph/specs";
import { drawingOf, LINE, spotOf, TITLE } from "./geometry";

const catalog = catalogOf([
  {
    class_type: "Sampler",
    title: "Sampler",
    category: "",
    description: "",
    inputs: [
      { name: "model", type: "MODEL" },
      { name: "latent", type: "LATENT" },
      { name: "seed", type: "INT", default: 0, control_after_generate: true },
      { name: "text", type: "STRING", multiline: true, default: "" },
    ],
    outputs: [{ name: "LATENT", type: "LATENT" }],
  },
  {
    class_type: "Tones",
    title: "Tones",
    category: "",
    description: "",
    inputs: [
      {
        name: "curve",
        type: "CURVE",
        default: [
          [0, 0],
          [1, 1],
        ],
      },
      { name: "red", type: "CURVE", required: false },
    ],
    outputs: [],
  },
]);

function drawn(height: number, collapsed = false) {
  const { doc, id } = addNode(emptyDoc(), [], catalog, { type: "Sampler", pos: [0, 0], size: [300, height] });
  const node = doc.root.nodes.get(id);
  if (!node) throw new Error("no node");
  return drawingOf({ ...node, collapsed }, portsOf(doc, catalog, node));
}

it("inputs and outputs share rows, and every row lies below the one before it", () => {
  const { rows } = drawn(400);
  expect(rows.map((row) => row.kind)).toEqual(["socket", "socket", "widget", "control", "widget"]);
  for (const [place, row] of rows.entries()) {
    const before = rows[place - 1];
    if (before) expect(row.y).toBeGreaterThanOrEqual(before.y + before.height);
  }
});

it("texts take the room that a larger node has", () => {
  const [small, large] = [drawn(250), drawn(400)];
  expect((large.rows.at(-1)?.height ?? 0) - (small.rows.at(-1)?.height ?? 0)).toBe(150);
});

it("a curve takes room once it is drawn, and all of them share what a larger node has", () => {
  const { doc, id } = addNode(emptyDoc(), [], catalog, { type: "Tones", pos: [0, 0], size: [300, 400] });
  const node = doc.root.nodes.get(id);
  if (!node) throw new Error("no node");
  const ports = portsOf(doc, catalog, node);
  const heights = (values: typeof node.values) =>
    drawingOf({ ...node, values: { ...node.values, ...values } }, ports).rows.map(({ height }) => height);
  const [curve = 0, red = 0] = heights({});
  expect(curve).toBeGreaterThan(200);
  expect(red).toBe(LINE);
  const [one, other] = heights({
    red: [
      [0, 1],
      [1, 0],
    ],
  });
  expect(one).toBe(other);
  expect((one ?? 0) * 2).toBe(curve + red);
  expect(heights({ red: { points: [] } })[1]).toBe(LINE);
});

it("a node is never too small for its rows", () => {
  const { rows, height } = drawn(10);
  const last = rows.at(-1);
  expect(height).toBeGreaterThanOrEqual((last?.y ?? 0) + (last?.height ?? 0));
});

it("of a folded node all wires end at its title bar", () => {
  const { height, spots } = drawn(400, true);
  expect(height).toBe(TITLE);
  expect(spots.every(({ y }) => y === TITLE / 2)).toBe(true);
});

it("a spot says which input or output it is of", () => {
  expect(spotOf("in:model")).toEqual({ input: "model" });
  expect(spotOf("out:-1")).toEqual({ output: -1 });
});
