import { describe, expect, it } from "vitest";
import { toScreen } from "@/painting/geometry";
import { central, inSight, neighbour, type Placed, seenAt, showing, sideAt, spotsOf, whole } from "./mapping";

const placed = (id: string, x: number, y: number): Placed => ({
  id,
  x,
  y,
  prompt: id,
  path: `${id}.png`,
  width: 256,
  height: 128,
  thumbnail: `/${id}`,
});

const STAGE = { width: 800, height: 600 };
const SPOTS = spotsOf([
  placed("middle", 0, 0),
  placed("right", 0.5, 0.1),
  placed("left", -0.5, 0),
  placed("top", 0.1, 0.3),
  placed("twin", -0.5, 0),
]);
const named = (place: number) => SPOTS[place]?.picture.id;
const RIGHT = [1, 0] as const;
const LEFT = [-1, 0] as const;
const UP = [0, -1] as const;

describe("the map", () => {
  it("shows all pictures at first, larger ones upward, in their proportions", () => {
    const view = whole(SPOTS, STAGE);
    for (const spot of SPOTS) {
      const { x, y } = toScreen(view, spot);
      expect(x).toBeGreaterThan(24);
      expect(x).toBeLessThan(STAGE.width - 24);
      expect(y).toBeGreaterThan(24);
      expect(y).toBeLessThan(STAGE.height - 24);
    }
    const [middle, right, , top] = SPOTS;
    expect((right?.x ?? 0) - (middle?.x ?? 0)).toBeCloseTo(500);
    expect((top?.y ?? 0) - (middle?.y ?? 0)).toBeCloseTo(-300);
    expect(inSight(SPOTS, view, 50, STAGE)).toHaveLength(SPOTS.length);
  });

  it("draws pictures larger the nearer one is, but not as fast as they come apart", () => {
    const { scale } = whole(SPOTS, STAGE);
    const before = sideAt(scale, SPOTS, STAGE);
    const after = sideAt(scale * 2, SPOTS, STAGE);
    expect(after / before).toBeGreaterThan(1.3);
    expect(after / before).toBeLessThan(2);
  });

  it("finds the picture under the pointer by its own shape", () => {
    const view = { scale: 1, x: 0, y: 0 };
    const [spot] = SPOTS;
    const at = { x: (spot?.x ?? 0) + 40, y: spot?.y ?? 0 };
    expect(named(seenAt(SPOTS, view, 100, at))).toBe("middle");
    expect(seenAt(SPOTS, view, 100, { x: at.x, y: at.y + 30 })).toBe(-1);
  });

  it("goes to the nearest picture in a direction, and through those that lie at one point", () => {
    expect(named(neighbour(SPOTS, 0, RIGHT))).toBe("right");
    expect(named(neighbour(SPOTS, 0, UP))).toBe("top");
    expect(named(neighbour(SPOTS, 0, LEFT))).toBe("left");
    expect(named(neighbour(SPOTS, 2, RIGHT))).toBe("twin");
    expect(named(neighbour(SPOTS, 4, LEFT))).toBe("left");
    expect(named(neighbour(SPOTS, 4, RIGHT))).toBe("middle");
    expect(neighbour(SPOTS, 1, RIGHT)).toBe(1);
  });

  it("moves no farther than is needed to see a picture", () => {
    const view = whole(SPOTS, STAGE);
    expect(showing(view, SPOTS[0] ?? { x: 0, y: 0 }, 50, STAGE)).toEqual(view);
    const away = { ...view, x: view.x - 1000 };
    const { x } = toScreen(showing(away, SPOTS[0] ?? { x: 0, y: 0 }, 50, STAGE), SPOTS[0] ?? { x: 0, y: 0 });
    expect(x).toBeCloseTo(25 + 24);
    expect(named(central(SPOTS, view, STAGE))).toBe("middle");
  });

  it("has a place for one picture alone, and for none", () => {
    const [one] = spotsOf([placed("one", 0.3, 0.2)]);
    expect(one).toMatchObject({ x: 0, y: 0 });
    expect(toScreen(whole(one ? [one] : [], STAGE), { x: 0, y: 0 })).toEqual({ x: 400, y: 300 });
    expect(whole([], STAGE).scale).toBeGreaterThan(0);
  });
});
