import { describe, expect, it } from "vitest";
import { fitted, MOST_SCALE, pinched, pixelsOf, toPicture, toScreen, zoomed } from "./geometry";

const NONE = { left: 0, top: 0, right: 0, bottom: 0 };
const view = { scale: 0.5, x: 30, y: -20 };

describe("the view", () => {
  it("fits the whole picture into the middle, with what is added around it", () => {
    const stage = { width: 848, height: 648 };
    expect(fitted(stage, { width: 1000, height: 500 }, NONE)).toEqual({ scale: 0.8, x: 24, y: 124 });
    const wide = fitted(stage, { width: 1000, height: 500 }, { ...NONE, left: 600 });
    expect(wide.scale).toBe(0.5);
    expect(wide.x).toBe(24 + 300);
  });

  it("keeps what is under the pointer there while it zooms", () => {
    const at = { x: 100, y: 80 };
    const before = toPicture(view, at);
    expect(toScreen(zoomed(view, at, 3), before)).toEqual(at);
    expect(zoomed(view, at, 1e6).scale).toBe(MOST_SCALE);
  });

  it("keeps what is between two fingers between them", () => {
    const before = [
      { x: 0, y: 0 },
      { x: 100, y: 0 },
    ] as const;
    const after = [
      { x: 50, y: 40 },
      { x: 250, y: 40 },
    ] as const;
    const next = pinched(view, before, after);
    expect(next.scale).toBe(1);
    expect(toScreen(next, toPicture(view, { x: 50, y: 0 }))).toEqual({ x: 150, y: 40 });
  });

  it("comes back from the picture to the same place of the screen", () => {
    expect(toScreen(view, toPicture(view, { x: 12.5, y: 99 }))).toEqual({ x: 12.5, y: 99 });
  });
});

it("the pixels of a rectangle are whole ones, inside of the picture", () => {
  const size = { width: 100, height: 50 };
  expect(pixelsOf({ left: -3.2, top: 10.7, right: 12.1, bottom: 70 }, size)).toEqual({
    left: 0,
    top: 10,
    right: 13,
    bottom: 50,
  });
  expect(pixelsOf({ left: 120, top: 0, right: 130, bottom: 10 }, size)).toBeNull();
});
