import { expect, it } from "vitest";
import { FITTING, fitted, kept, zoomed } from "./zoom";

const frame = { width: 400, height: 300 };
const shown = fitted({ width: 128, height: 128 }, frame);

it("a picture fits into its frame", () => {
  expect(shown).toEqual({ width: 300, height: 300 });
  expect(fitted({ width: 128, height: 128 }, frame, 2)).toEqual({ width: 256, height: 256 });
});

it("what is pointed at stays there while it grows", () => {
  const point = { x: 40, y: -60 };
  const look = zoomed({ scale: 2, x: 10, y: 5 }, 1.5, point, shown, frame);
  const before = { x: (point.x - 10) / 2, y: (point.y - 5) / 2 };
  expect((point.x - look.x) / look.scale).toBeCloseTo(before.x);
  expect((point.y - look.y) / look.scale).toBeCloseTo(before.y);
});

it("it never gets smaller than its frame, nor leaves it", () => {
  expect(zoomed({ scale: 1.1, x: 3, y: 3 }, 0.2, { x: 100, y: 100 }, shown, frame)).toEqual(FITTING);
  expect(kept({ scale: 2, x: 900, y: -900 }, shown, frame)).toEqual({ scale: 2, x: 100, y: -150 });
});
