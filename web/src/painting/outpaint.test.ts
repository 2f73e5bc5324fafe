import { expect, it } from "vitest";
import { isWidened, LARGEST, MOST_ADDED, NO_SIDES, wholeSize, widened } from "./outpaint";

const picture = { width: 768, height: 512 };

it("sides grow in steps that latents have, and never inward", () => {
  expect(widened(NO_SIDES, "left", 101, picture).left).toBe(104);
  expect(widened(NO_SIDES, "top", -50, picture)).toEqual(NO_SIDES);
});

it("a side takes no more than there is room for", () => {
  expect(widened(NO_SIDES, "right", 9999, picture).right).toBe(MOST_ADDED);
  const wide = widened({ ...NO_SIDES, left: MOST_ADDED }, "right", 9999, picture);
  expect(wholeSize(picture, wide).width).toBeLessThanOrEqual(LARGEST);
  expect(widened(NO_SIDES, "right", 64, { width: LARGEST + 100, height: 64 }).right).toBe(0);
});

it("the whole is the picture and its sides", () => {
  const sides = { left: 8, top: 16, right: 24, bottom: 0 };
  expect(wholeSize(picture, sides)).toEqual({ width: 800, height: 528 });
  expect(isWidened(sides)).toBe(true);
  expect(isWidened(NO_SIDES)).toBe(false);
});
