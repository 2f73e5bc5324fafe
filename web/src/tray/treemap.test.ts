import { expect, it } from "vitest";
import { squarified } from "./treemap";

const BOX = { x: 0, y: 0, width: 6, height: 4 };

it("areas are as large as their sizes, and fill the box", () => {
  const sizes = [6, 6, 4, 3, 2, 2, 1];
  const areas = squarified(sizes, BOX).map(({ width, height }) => width * height);
  for (const [place, size] of sizes.entries()) expect(areas[place]).toBeCloseTo(size);
});

it("the example of the paper is laid as it is there", () => {
  const [first, second, third] = squarified([6, 6, 4, 3, 2, 2, 1], BOX);
  expect(first).toMatchObject({ x: 0, y: 0, width: 3, height: 2 });
  expect(second).toMatchObject({ x: 0, y: 2, width: 3, height: 2 });
  expect(third?.x).toBe(3);
});
