import { expect, it } from "vitest";
import { GAP, moved, SIDES, thumbnailSide, tiling } from "./tiling";

it.each([320, 390, 777, 1440])("pictures fill a width of %d without passing it", (width) => {
  for (const wished of SIDES) {
    const { columns, side } = tiling(width, wished);
    const filled = columns * side + (columns - 1) * GAP;
    expect(filled).toBeLessThanOrEqual(width);
    expect(width - filled).toBeLessThan(columns);
  }
});

it("thumbnails are of a side that the server makes", () => {
  for (const side of SIDES)
    for (const ratio of [1, 1.5, 2, 3]) expect([128, 256, 512]).toContain(thumbnailSide(side, ratio));
  expect(thumbnailSide(96, 1)).toBe(128);
  expect(thumbnailSide(180, 2)).toBe(512);
});

it("keys stay within the grid", () => {
  const grid = { columns: 4, rows: 3, total: 10 };
  expect(moved("ArrowRight", 9, grid)).toBe(9);
  expect(moved("ArrowLeft", 0, grid)).toBe(0);
  expect(moved("ArrowDown", 1, grid)).toBe(5);
  expect(moved("ArrowDown", 7, grid)).toBe(9);
  expect(moved("ArrowDown", 9, grid)).toBe(9);
  expect(moved("ArrowDown", 8, grid)).toBe(8);
  expect(moved("ArrowUp", 2, grid)).toBe(2);
  expect(moved("PageDown", 0, grid)).toBe(9);
  expect(moved("End", 0, grid)).toBe(9);
  expect(moved("Home", 5, grid)).toBe(0);
  expect(moved("a", 5, grid)).toBeUndefined();
});
