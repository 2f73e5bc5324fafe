import { describe, expect, it } from "vitest";
import { blurred, boxes } from "./feather";

describe("a soft edge", () => {
  const width = 81;
  const step = Float32Array.from({ length: width * 3 }, (_, at) => (at % width < 40 ? 0 : 255));

  it.each([2, 4, 12])("of deviation %d follows the Gaussian's integral", (sigma) => {
    const row = blurred(step, width, 3, sigma).slice(width, 2 * width);
    for (const place of [-2, -1, 0, 1, 2]) {
      const at = 40 + Math.round(place * sigma);
      if (at < 0 || at >= width) continue;
      const expected = 255 * gaussian((at + 0.5 - 40) / sigma);
      expect(Math.abs((row[at] ?? 0) - expected)).toBeLessThan(255 * 0.04);
    }
  });

  it("changes nothing where all is the same, at the borders neither", () => {
    const flat = new Float32Array(25).fill(200);
    for (const value of blurred(flat, 5, 5, 3)) expect(value).toBeCloseTo(200, 3);
  });

  it("has boxes whose variances add up", () => {
    for (const sigma of [2, 5, 16, 32]) {
      const variance = boxes(sigma).reduce((sum, size) => sum + (size ** 2 - 1) / 12, 0);
      expect(Math.abs(Math.sqrt(variance) - sigma)).toBeLessThan(0.35);
    }
    expect(boxes(0)).toEqual([1, 1, 1]);
  });
});

/** The share of a standard normal below z, by Simpson's rule. */
function gaussian(z: number): number {
  const steps = 400;
  const width = (z + 8) / steps;
  let sum = 0;
  for (let at = 0; at <= steps; at++) {
    const weight = at === 0 || at === steps ? 1 : at % 2 ? 4 : 2;
    sum += weight * Math.exp(-((-8 + at * width) ** 2) / 2);
  }
  return (sum * width) / 3 / Math.sqrt(2 * Math.PI);
}
