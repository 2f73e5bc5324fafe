/** Curves through points: as the server works them out, and as a person bends them. */

import type { Json } from "@/graph/json";
import type { Point } from "@/graph/types";

export const CURVE = "CURVE";
export type Curve = readonly Point[];

/** The curve that changes nothing. */
export const STRAIGHT: Curve = [
  [0, 0],
  [1, 1],
];
export const MOST_POINTS = 64;
const CLOSEST = 0.01; // points to each other, from left to right, as far as a person puts them
const DIGITS = 3; // more than anybody sees

/** The points that a widget holds; null where it holds no curve. */
export function curveOf(value: Json): Curve | null {
  if (!Array.isArray(value) || value.length < 2) return null;
  const points: Point[] = [];
  for (const one of value) {
    const [x, y] = Array.isArray(one) && one.length === 2 ? one : [];
    const before = points.at(-1)?.[0] ?? -1;
    if (!isShare(x) || !isShare(y) || x <= before) return null;
    points.push([x, y]);
  }
  return points;
}

function isShare(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 1;
}

/** The height of a curve at any place: a monotone cubic between points, after Fritsch & Carlson 1980, and level beyond. */
export function heightsOf(curve: Curve): (x: number) => number {
  const slopes = slopesOf(curve);
  return (x) => {
    const next = curve.findIndex((point) => point[0] > x);
    const [start, end] = [curve.at(next - 1), curve.at(next)];
    if (!start || !end || next < 1) return (next === 0 ? curve.at(0) : curve.at(-1))?.[1] ?? 0;
    const [width, rise] = [end[0] - start[0], end[1] - start[1]];
    const first = width * (slopes[next - 1] ?? 0);
    const last = width * (slopes[next] ?? 0);
    const share = (x - start[0]) / width;
    const [second, third] = [3 * rise - 2 * first - last, first + last - 2 * rise];
    return within(start[1] + share * (first + share * (second + share * third)), 0, 1);
  };
}

/** The mean of the lines beside each point, made less where the curve would overshoot. */
function slopesOf(curve: Curve): number[] {
  const lines = curve.slice(1).map(([x, y], place) => {
    const [fromX, fromY] = curve[place] ?? [0, 0];
    return (y - fromY) / (x - fromX);
  });
  const slopes = curve.map((_, place) => {
    const [before, after] = [lines[place - 1], lines[place]];
    if (before === undefined || after === undefined) return before ?? after ?? 0;
    return before * after > 0 ? (before + after) / 2 : 0;
  });
  for (const [place, line] of lines.entries()) {
    const [slope, next] = [slopes[place] ?? 0, slopes[place + 1] ?? 0];
    const steepness = line === 0 ? Number.POSITIVE_INFINITY : Math.hypot(slope, next) / Math.abs(line);
    if (steepness <= 3) continue;
    slopes[place] = slope * (3 / steepness);
    slopes[place + 1] = next * (3 / steepness);
  }
  return slopes;
}

/** A point put elsewhere: between its neighbours, and inside. */
export function moved(curve: Curve, place: number, [x, y]: Point): Curve {
  const low = place === 0 ? 0 : (curve[place - 1]?.[0] ?? 0) + CLOSEST;
  const high = place === curve.length - 1 ? 1 : (curve[place + 1]?.[0] ?? 1) - CLOSEST;
  return curve.map((point, at) => {
    if (at !== place) return point;
    return [low > high ? point[0] : rounded(within(x, low, high)), rounded(within(y, 0, 1))];
  });
}

/** One point more, and its place; null where there is no room for it. */
export function added(curve: Curve, [x, y]: Point): { curve: Curve; place: number } | null {
  const place = curve.filter((point) => point[0] < x).length;
  const low = place === 0 ? 0 : (curve[place - 1]?.[0] ?? 0) + CLOSEST;
  const high = place === curve.length ? 1 : (curve[place]?.[0] ?? 1) - CLOSEST;
  if (curve.length >= MOST_POINTS || low > high) return null;
  const point: Point = [rounded(within(x, low, high)), rounded(within(y, 0, 1))];
  return { curve: [...curve.slice(0, place), point, ...curve.slice(place)], place };
}

/** One point more on the curve: in the middle behind a point, or where there is the most room. */
export function divided(curve: Curve, behind: number | null): { curve: Curve; place: number } | null {
  const widths = curve.slice(1).map(([x], place) => x - (curve[place]?.[0] ?? 0));
  const widest = widths.indexOf(Math.max(...widths));
  const place = behind === null ? widest : Math.min(behind, widths.length - 1);
  const x = (curve[place]?.[0] ?? 0) + (widths[place] ?? 0) / 2;
  return added(curve, [x, heightsOf(curve)(x)]);
}

/** One point less; the same curve where only two are left. */
export function removed(curve: Curve, place: number): Curve {
  return curve.length > 2 ? curve.filter((_, at) => at !== place) : curve;
}

/** Upside down. */
export function inverted(curve: Curve): Curve {
  return curve.map(([x, y]) => [x, rounded(1 - y)]);
}

function rounded(value: number): number {
  return Number(value.toFixed(DIGITS));
}

function within(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
