import { expect, it } from "vitest";
import { type ComparisonTold, comparedParts, differing, type LoraTold, touchedParts } from "./blocks";

const COMPARED: ComparisonTold = {
  files: ["a", "b"],
  parts: { denoiser: { relative: 0.2, cosine: 0.9 }, VAE: { relative: 0, cosine: 1 } },
  blocks: { "denoiser: down.0": 0.1, "denoiser: mid": 0.4, "VAE: encoder": 0 },
  layer_blocks: ["denoiser: down.0", "denoiser: down.0", "denoiser: mid", "VAE: encoder"],
  names: ["down.0.one", "down.0.two", "mid.one", "encoder.one"],
  layer_parts: ["denoiser", "denoiser", "denoiser", "VAE"],
  parameters: [10, 30, 5, 5],
  relative: [0, 0.2, null, 0],
  same: [true, false, false, true],
  missing: [],
  extra: [],
  unlike: ["VAE: decoder.one", "text encoder: one"],
};

it("blocks of two checkpoints come by their difference or as in the file, with their layers", () => {
  const [denoiser, vae] = comparedParts(COMPARED, "size");
  expect(denoiser).toMatchObject({ name: "denoiser", value: 0.2, layers: 3, same: 1 });
  expect(denoiser?.blocks.map(({ name, value }) => [name, value])).toEqual([
    ["mid", 0.4],
    ["down.0", 0.1],
  ]);
  expect(denoiser?.blocks[1]?.layers.map(({ name }) => name)).toEqual(["two", "one"]);
  expect(comparedParts(COMPARED, "file")[0]?.blocks[0]?.name).toBe("down.0");
  expect(vae).toMatchObject({ value: 0, layers: 1, same: 1, unlike: 1 });
});

it("a piece differs as the layers in it do, the larger ones counting for more", () => {
  const of = differing(COMPARED);
  expect(of("denoiser", "")).toBe(0.2);
  expect(of("denoiser", "down.0")).toBeCloseTo(Math.sqrt((30 * 0.04) / 40));
  expect(of("denoiser", "down.0.one")).toBe(0);
  expect(of("denoiser", "mid")).toBe(Number.POSITIVE_INFINITY);
  expect(of("denoiser", "dow")).toBeNull();
  expect(of("text encoder", "")).toBeNull();
});

it("a LoRA touches a block as strongly as its weights on average, told by lengths where there is no model", () => {
  const told: LoraTold = {
    title: "l",
    names: ["mid.one", "mid.two", "up.0.one"],
    parts: ["denoiser", "denoiser", "denoiser"],
    blocks: ["denoiser: mid", "denoiser: mid", "denoiser: up.0"],
    ranks: [4, 4, 4],
    norms: [3, 1, 4],
    relative: [0.1, 0.3, 0.05],
    unfit: [],
  };
  const [part] = touchedParts(told, "size");
  expect(part?.blocks.map(({ name }) => name)).toEqual(["mid", "up.0"]);
  expect(part?.blocks[0]?.value).toBeCloseTo(0.2);
  const alone = touchedParts({ ...told, relative: [null, null, null] }, "size");
  expect(alone[0]?.blocks.map(({ value }) => value)).toEqual([4, 2]);
});
