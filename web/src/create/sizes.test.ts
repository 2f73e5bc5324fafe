import { expect, it } from "vitest";
import { ratioOf, SHAPES, shapeOf, sizeOf } from "./sizes";

const NATIVES = [128, 256, 512, 768, 1024].map((side) => ({ width: side, height: side }));

it.each(NATIVES)("sizes of each shape have about as many pixels as $width × $height", (native) => {
  for (const shape of SHAPES) {
    const { width, height } = sizeOf(shape, native);
    expect((width * height) / native.width ** 2).toBeCloseTo(1, 0);
    expect(width / height / ratioOf(shape)).toBeGreaterThan(0.85);
    expect(width / height / ratioOf(shape)).toBeLessThan(1.15);
  }
});

it("sizes are multiples of 8, and of 64 where they are large", () => {
  expect(sizeOf("3:2", { width: 128, height: 128 })).toEqual({ width: 160, height: 104 });
  expect(sizeOf("3:2", { width: 1024, height: 1024 })).toEqual({ width: 1280, height: 832 });
});

it("a size is recognised as its shape", () => {
  for (const native of NATIVES)
    for (const shape of SHAPES) expect(shapeOf(sizeOf(shape, native), native)).toBe(shape);
  expect(shapeOf({ width: 100, height: 100 }, { width: 512, height: 512 })).toBeNull();
});
