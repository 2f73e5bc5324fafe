import { expect, it } from "vitest";
import { distinct, folderFor } from "./draft";

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
