import { expect, it } from "vitest";
import { distinct, folderFor, startFrom, useDraft, usual, wanted } from "./draft";

const NOW = new Date("2026-11-23T10:20:00Z");

it.each([
  ["My dog", "training/My dog"],
  ["  a/b: c? ", "training/ab c"],
  ["../x", "training/x"],
  ["小狗", "training/小狗"],
  ["", "training/202611231020"],
  ["...", "training/202611231020"],
])("the pictures of %o lie in %s", (name, folder) => {
  expect(folderFor(name, NOW)).toBe(folder);
});

it("no two pictures share a caption's name", () => {
  expect(distinct(["a.jpg", "A.png", "b.tar.gz", "a.webp"], ["a.png", "b.png"])).toEqual([
    "a-2.jpg",
    "A-3.png",
    "b.tar.gz",
    "a-4.webp",
  ]);
});

const FORM = {
  settings_schema: {},
  defaults: { kind: "lora", checkpoint: "a", run: { steps: 600, batch: 4 }, data: { flip: false } },
  presets: [{ name: "style", title: "", about: "", values: { data: { flip: true }, run: { steps: 800 } } }],
};

it("what is sent is the preset and what was set by hand", () => {
  const draft = { preset: "style", changes: { name: "zorb", run: { steps: 5 } } };
  expect(wanted(FORM, draft)).toEqual({ name: "zorb", data: { flip: true }, run: { steps: 5 } });
  expect(usual(FORM, "style")).toMatchObject({ data: { flip: true }, run: { steps: 800, batch: 4 } });
});

it("a run like another one has what differs from the usual, and no name", () => {
  startFrom({ ...FORM.defaults, name: "zorb", checkpoint: "b", run: { steps: 7, batch: 4 } }, FORM);
  expect(useDraft.getState()).toEqual({
    preset: "",
    changes: { kind: "lora", checkpoint: "b", run: { steps: 7 } },
  });
});
