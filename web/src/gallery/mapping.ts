/** Where pictures lie on the map, and what of it is seen. */

import type { Schemas } from "@/api/client";
import { type Point, type Size, toPicture, toScreen, type View, within, zoomed } from "@/painting/geometry";

export type Placed = Schemas["PlacedView"];

/** A picture in units of the map, `y` downwards. */
export interface Spot {
  readonly picture: Placed;
  readonly x: number;
  readonly y: number;
}

const WORLD = 1000; // units of the map's longer side
const BORDER = 24; // pixels kept free around the whole map
const FILLED = 0.45; // share of the window that pictures take while all of them are seen
const [LEAST, MOST] = [16, 288]; // pixels of a picture's longer side
const MOST_AT_FIRST = 96; // pixels, which few pictures need not pass while all are seen
const SPREAD = 0.7; // power of the zoom by which pictures grow: less than 1, so that they come apart

/** Pictures as they lie on the map; proportions are those of the answer. */
export function spotsOf(pictures: readonly Placed[]): Spot[] {
  const [left, right] = ends(pictures.map(({ x }) => x));
  const [low, high] = ends(pictures.map(({ y }) => y));
  const unit = WORLD / Math.max(right - left, high - low, 1e-6);
  return pictures.map((picture) => ({
    picture,
    x: (picture.x - left) * unit,
    y: (high - picture.y) * unit,
  }));
}

/** The view that shows everything. */
export function whole(spots: readonly Spot[], stage: Size): View {
  const [left, right] = ends(spots.map(({ x }) => x));
  const [top, bottom] = ends(spots.map(({ y }) => y));
  const free = 2 * BORDER + firstSide(spots.length, stage);
  const scale = within(
    Math.min(
      (stage.width - free) / Math.max(right - left, 1),
      (stage.height - free) / Math.max(bottom - top, 1),
    ),
    0.05,
    2,
  );
  return {
    scale,
    x: stage.width / 2 - ((left + right) / 2) * scale,
    y: stage.height / 2 - ((top + bottom) / 2) * scale,
  };
}

/** Pixels of a picture's longer side, the larger the nearer one is. */
export function sideAt(scale: number, spots: readonly Spot[], stage: Size): number {
  const nearer = scale / whole(spots, stage).scale;
  return within(firstSide(spots.length, stage) * nearer ** SPREAD, LEAST, MOST);
}

/** How large a picture is drawn. */
export function sizeOf({ width, height }: Size, side: number): Size {
  const share = side / Math.max(width, height, 1);
  return { width: width * share, height: height * share };
}

/** Place of the picture that is seen at a point: of several the one that is drawn last; -1 where there is none. */
export function seenAt(spots: readonly Spot[], view: View, side: number, at: Point): number {
  return spots.findIndex((spot) => {
    const middle = toScreen(view, spot);
    const size = sizeOf(spot.picture, side);
    return Math.abs(at.x - middle.x) <= size.width / 2 && Math.abs(at.y - middle.y) <= size.height / 2;
  });
}

/** Places of the pictures that are seen at all, the nearest to the middle first. */
export function inSight(spots: readonly Spot[], view: View, side: number, stage: Size): number[] {
  const away = new Map<number, number>();
  spots.forEach((spot, place) => {
    const { x, y } = toScreen(view, spot);
    const reach = side / 2;
    if (x > -reach && y > -reach && x < stage.width + reach && y < stage.height + reach)
      away.set(place, Math.hypot(x - stage.width / 2, y - stage.height / 2));
  });
  return [...away].sort(([, one], [, other]) => one - other).map(([place]) => place);
}

const WAYS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Where a key leads: which way across the map; undefined for other keys. */
export const wayOf = (key: string): readonly [number, number] | undefined => WAYS[key];

/**
 * Place of the nearest picture in a direction; the same where there is none.
 *
 * Of pictures that lie at one point, right and down go to the next of them, left and up to the one before.
 */
export function neighbour(
  spots: readonly Spot[],
  from: number,
  [right, down]: readonly [number, number],
): number {
  const here = spots[from];
  if (!here) return from;
  const isForward = right + down > 0;
  let [best, nearest] = [from, Number.POSITIVE_INFINITY];
  spots.forEach((spot, place) => {
    if (place === from) return;
    const [x, y] = [spot.x - here.x, spot.y - here.y];
    const far = Math.hypot(x, y);
    const along = x * right + y * down;
    const isTwin = far < 1e-6;
    const isThere = isTwin
      ? place > from === isForward
      : along > 0 && along >= Math.hypot(x - along * right, y - along * down);
    const cost = isTwin ? Math.abs(place - from) * 1e-9 : far;
    if (isThere && cost < nearest) [best, nearest] = [place, cost];
  });
  return best;
}

/** Place of the picture nearest to the middle of the window. */
export function central(spots: readonly Spot[], view: View, stage: Size): number {
  const middle = toPicture(view, { x: stage.width / 2, y: stage.height / 2 });
  let [best, nearest] = [-1, Number.POSITIVE_INFINITY];
  spots.forEach(({ x, y }, place) => {
    const far = Math.hypot(x - middle.x, y - middle.y);
    if (far < nearest) [best, nearest] = [place, far];
  });
  return best;
}

/** A view moved no farther than is needed to see a picture. */
export function showing(view: View, spot: Point, side: number, stage: Size): View {
  const at = toScreen(view, spot);
  const free = side / 2 + BORDER;
  const by = (place: number, room: number) =>
    within(place, Math.min(free, room / 2), Math.max(room - free, room / 2)) - place;
  return { ...view, x: view.x + by(at.x, stage.width), y: view.y + by(at.y, stage.height) };
}

/** Nearer or farther, about a picture or the middle of the window. */
export function nearer(view: View, factor: number, stage: Size, spot?: Point): View {
  return zoomed(view, spot ? toScreen(view, spot) : { x: stage.width / 2, y: stage.height / 2 }, factor);
}

function firstSide(count: number, { width, height }: Size): number {
  return within(Math.sqrt((width * height * FILLED) / Math.max(count, 1)), LEAST, MOST_AT_FIRST);
}

function ends(values: readonly number[]): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return values.length ? [low, high] : [0, 0];
}
