import { expect, it } from "vitest";
import type { Asset } from "@/api/client";
import { latentMap, placedBy } from "./latents";

const pictures = ["a", "b", "c", "d", "e"].map((name) => ({
  path: `${name}.png`,
  folder: "output" as const,
}));
type Node = { class_type: string; inputs: Record<string, unknown> };

/** Files behind a link, in the order in which they come together. */
function filesBehind(nodes: Record<string, Node>, link: unknown): unknown[] {
  const { class_type = "", inputs = {} } = nodes[(link as [string])[0]] ?? {};
  if (class_type === "LoadImage") return [inputs.image];
  return Object.values(inputs).flatMap((value) =>
    Array.isArray(value) && value[0] !== "checkpoint" ? filesBehind(nodes, value) : [],
  );
}

it("a map of latents has each picture and its latent in the same order, at one size", () => {
  const { workflow, target, slow } = latentMap(pictures, "some.safetensors", "umap");
  const nodes = workflow as unknown as Record<string, Node>;
  const inputs = nodes[target]?.inputs ?? {};
  const files = pictures.map(({ path }) => `${path} [output]`);
  expect(filesBehind(nodes, inputs.images)).toEqual(files);
  expect(filesBehind(nodes, inputs.latents)).toEqual(files);
  expect(inputs.method).toBe("umap");
  expect(slow).toHaveLength(5);
  const sizes = Object.values(nodes).filter(({ class_type }) => class_type === "ImageScale");
  expect(new Set(sizes.map(({ inputs: { width, height } }) => `${width} ${height}`)).size).toBe(1);
});

it("pictures lie where the map says", () => {
  const assets = [
    { id: "1", prompt: "a cat", path: "a.png", width: 8, height: null, thumbnail: null },
  ] as Asset[];
  expect(placedBy(assets, { points: [[1, -2]], explained: [] })).toEqual([
    { id: "1", x: 1, y: -2, prompt: "a cat", path: "a.png", width: 8, height: 1, thumbnail: "" },
  ]);
});
