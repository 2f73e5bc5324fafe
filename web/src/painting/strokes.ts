import { type Point, type Rect, within } from "./geometry";
import type { Mark } from "./types";

/** One print of the brush. */
export interface Dab extends Point {
  radius: number;
}

const LEAST_PRESSURE = 0.15;
const CLOSENESS = 0.12; // of the brush's width, between the dabs of a soft stroke

/** The width of the brush at a pressure of 0 to 1. */
export function widthAt(size: number, pressure: number): number {
  return Math.max(1, size * within(pressure, LEAST_PRESSURE, 1));
}

/** Whether a point is far enough from the last one to be kept. */
export function isNews(points: readonly number[], x: number, y: number, least: number): boolean {
  const [lastX, lastY] = points.slice(-3);
  return lastX === undefined || lastY === undefined || Math.hypot(x - lastX, y - lastY) >= least;
}

/** Tenths of a pixel are enough, and short to keep. */
export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

/**
 * The dabs between point `from` (which has been painted) and the last point, evenly spaced.
 *
 * They depend on neighbouring points alone, so that a stroke looks the same painted at once or bit by bit.
 */
export function dabs(stroke: Mark & { kind: "stroke" }, from: number): Dab[] {
  const { points, size } = stroke;
  const found: Dab[] = from === 0 ? [dabAt(stroke, 0)] : [];
  for (let at = Math.max(1, from); at < points.length / 3; at++) {
    const start = dabAt(stroke, at - 1);
    const end = dabAt(stroke, at);
    const length = Math.hypot(end.x - start.x, end.y - start.y);
    const count = Math.max(1, Math.ceil(length / Math.max(0.5, size * CLOSENESS)));
    for (let step = 1; step <= count; step++) {
      const share = step / count;
      found.push({
        x: start.x + (end.x - start.x) * share,
        y: start.y + (end.y - start.y) * share,
        radius: start.radius + (end.radius - start.radius) * share,
      });
    }
  }
  return found;
}

function dabAt({ points, size }: Mark & { kind: "stroke" }, at: number): Dab {
  const [x = 0, y = 0, pressure = 1] = points.slice(3 * at, 3 * at + 3);
  return { x, y, radius: widthAt(size, pressure) / 2 };
}

/** What a mark can change; null where that is the whole layer. */
export function reach(mark: Mark, from = 0): Rect | null {
  if (mark.kind !== "stroke" && mark.kind !== "area") return null;
  const step = mark.kind === "stroke" ? 3 : 2;
  const border = mark.kind === "stroke" ? mark.size / 2 + 2 : 2;
  const rect = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (let at = Math.max(0, from - 1) * step; at + 1 < mark.points.length; at += step) {
    const x = mark.points[at] ?? 0;
    const y = mark.points[at + 1] ?? 0;
    rect.left = Math.min(rect.left, x - border);
    rect.right = Math.max(rect.right, x + border);
    rect.top = Math.min(rect.top, y - border);
    rect.bottom = Math.max(rect.bottom, y + border);
  }
  return rect;
}

/** The corners of the rectangle between two points, as the outline of an area. */
export function corners(one: Point, other: Point): number[] {
  return [one.x, one.y, other.x, one.y, other.x, other.y, one.x, other.y].map(rounded);
}
