import { describe, expect, it } from "vitest";
import type { Model } from "@/api/client";
import { addressOf, familiesOf, listed, readPlace, START, spare } from "./listing";

function model(name: string, rest: Partial<Model> = {}): Model {
  return {
    folder: "checkpoints",
    name,
    bytes: 1,
    modified: 0,
    kind: "checkpoint",
    families: ["sd1"],
    about: "SD 1.x checkpoint",
    recommended: null,
    preview: null,
    notes: "",
    tags: [],
    used: 0,
    last_used: null,
    sha256: null,
    path: "",
    duplicates: [],
    ...rest,
  };
}

const MODELS = [
  model("model 10", { bytes: 3, used: 1, last_used: 50 }),
  model("model 2", { bytes: 9, tags: ["portrait"], notes: "Good with faces." }),
  model("ink", {
    folder: "loras",
    kind: "lora",
    families: ["sdxl"],
    about: "SDXL LoRA",
    bytes: 1,
    used: 7,
    last_used: 20,
  }),
];
const names = (models: readonly Model[]) => models.map(({ name }) => name);

describe("the list of models", () => {
  it("is sorted by what is asked, either way", () => {
    expect(names(listed(MODELS, START))).toEqual(["ink", "model 2", "model 10"]);
    expect(names(listed(MODELS, { ...START, sort: "bytes", isUp: false }))).toEqual([
      "model 2",
      "model 10",
      "ink",
    ]);
    expect(names(listed(MODELS, { ...START, sort: "last", isUp: false }))).toEqual([
      "model 10",
      "ink",
      "model 2",
    ]);
  });

  it("is searched in names, notes and tags, every word", () => {
    expect(names(listed(MODELS, { ...START, words: "FACES model" }))).toEqual(["model 2"]);
    expect(names(listed(MODELS, { ...START, words: "portrait ink" }))).toEqual([]);
  });

  it("is of one family where that is asked", () => {
    expect(names(listed(MODELS, { ...START, family: "sdxl" }))).toEqual(["ink"]);
  });
});

it("families are called as their checkpoints say", () => {
  expect(familiesOf(MODELS)).toEqual([
    { family: "sd1", title: "SD 1.x" },
    { family: "sdxl", title: "SDXL" },
  ]);
});

it("the address holds where one is", () => {
  const place = { ...START, folder: "loras", show: "loras/a b/c&d.pt", sort: "used", isUp: false } as const;
  expect(readPlace(addressOf(place))).toEqual(place);
  expect(addressOf(START)).toBe("/models");
  expect(readPlace("/models/sort=luck&tab=other")).toEqual(START);
});

it("each file but one of a group could go", () => {
  expect(
    spare([
      { bytes: 10, models: [1, 2, 3] },
      { bytes: 5, models: [1, 2] },
    ]),
  ).toBe(25);
});
