import { describe, expect, it } from "vitest";
import { corners, dabs, isNews, reach, widthAt } from "./strokes";
import type { Mark } from "./types";

function stroke(size: number, ...points: number[]): Mark & { kind: "stroke" } {
  return { kind: "stroke", erase: false, size, hardness: 1, points };
}

describe("a stroke", () => {
  it("has no gaps wider than a part of the brush", () => {
    const prints = dabs(stroke(20, 0, 0, 1, 100, 0, 1), 0);
    for (const [at, dab] of prints.entries()) {
      const before = prints[at - 1];
      if (before) expect(dab.x - before.x).toBeLessThanOrEqual(20 * 0.12 + 1e-9);
    }
    expect(prints.at(-1)).toEqual({ x: 100, y: 0, radius: 10 });
  });

  it("is the same painted at once or bit by bit", () => {
    const whole = stroke(16, 0, 0, 1, 30, 10, 0.5, 50, 60, 0.8, 51, 61, 1);
    const first = stroke(16, ...whole.points.slice(0, 6));
    expect([...dabs(first, 0), ...dabs(whole, 2)]).toEqual(dabs(whole, 0));
  });

  it("is as wide as the pen is pressed, and never nothing", () => {
    expect(widthAt(40, 0.5)).toBe(20);
    expect(widthAt(40, 0)).toBe(6);
    expect(widthAt(2, 0.1)).toBe(1);
  });

  it("reaches half its width around its points", () => {
    expect(reach(stroke(20, 50, 50, 1, 80, 60, 1))).toEqual({ left: 38, top: 38, right: 92, bottom: 72 });
  });

  it("does not keep points that say nothing new", () => {
    expect(isNews([], 1, 1, 2)).toBe(true);
    expect(isNews([1, 1, 1], 2, 1, 2)).toBe(false);
    expect(isNews([1, 1, 1], 4, 1, 2)).toBe(true);
  });
});

it("whole-layer marks reach everywhere", () => {
  expect(reach({ kind: "invert" })).toBeNull();
});

it("a rectangle is an area of four corners", () => {
  expect(corners({ x: 1.04, y: 2 }, { x: 5, y: 7 })).toEqual([1, 2, 5, 2, 5, 7, 1, 7]);
});
