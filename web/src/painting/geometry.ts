import type { Sides } from "./types";

/** How the picture lies on the screen: a point of it is at `x + scale * point`. */
export interface View {
  scale: number;
  x: number;
  y: number;
}

export interface Point {
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

/** `right` and `bottom` are past the last pixel. */
export interface Rect {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const LEAST_SCALE = 0.02;
export const MOST_SCALE = 32;
const BORDER = 24; // screen pixels kept free around a picture that is fitted

/** The view that shows the whole picture with what is added around it, never larger than four times. */
export function fitted(stage: Size, picture: Size, sides: Sides): View {
  const width = picture.width + sides.left + sides.right;
  const height = picture.height + sides.top + sides.bottom;
  const room = Math.min((stage.width - 2 * BORDER) / width, (stage.height - 2 * BORDER) / height);
  const scale = within(room, LEAST_SCALE, 4);
  return {
    scale,
    x: (stage.width - width * scale) / 2 + sides.left * scale,
    y: (stage.height - height * scale) / 2 + sides.top * scale,
  };
}

/** Zoomed so that what is at `at` on the screen stays there. */
export function zoomed(view: View, at: Point, factor: number): View {
  const scale = within(view.scale * factor, LEAST_SCALE, MOST_SCALE);
  const by = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * by, y: at.y - (at.y - view.y) * by };
}

/** Two fingers moved from `before` to `after`: what is between them stays between them. */
export function pinched(view: View, before: readonly [Point, Point], after: readonly [Point, Point]): View {
  const from = middle(...before);
  const to = middle(...after);
  const factor = distance(...after) / Math.max(1, distance(...before));
  const next = zoomed(view, from, factor);
  return { ...next, x: next.x + to.x - from.x, y: next.y + to.y - from.y };
}

export function toPicture(view: View, { x, y }: Point): Point {
  return { x: (x - view.x) / view.scale, y: (y - view.y) / view.scale };
}

export function toScreen(view: View, { x, y }: Point): Point {
  return { x: view.x + x * view.scale, y: view.y + y * view.scale };
}

export function within(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

export function distance(one: Point, other: Point): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

function middle(one: Point, other: Point): Point {
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
}

/** The whole pixels that a rectangle touches, inside of a picture; null where there are none. */
export function pixelsOf(rect: Rect, { width, height }: Size): Rect | null {
  const left = Math.max(0, Math.floor(rect.left));
  const top = Math.max(0, Math.floor(rect.top));
  const right = Math.min(width, Math.ceil(rect.right));
  const bottom = Math.min(height, Math.ceil(rect.bottom));
  return right > left && bottom > top ? { left, top, right, bottom } : null;
}
