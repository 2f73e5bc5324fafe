import { type Size, within } from "./geometry";
import type { Sides } from "./types";

export type Side = keyof Sides;

export const NO_SIDES: Sides = { left: 0, top: 0, right: 0, bottom: 0 };
export const GRID = 8; // latents have a value for each 8 pixels
export const MOST_ADDED = 2048; // pixels at one side
export const LARGEST = 4096; // pixels of the whole, each way

/** The sides with one of them changed: on the grid, not inward, and not larger than can be made. */
export function widened(sides: Sides, side: Side, pixels: number, picture: Size): Sides {
  const isAcross = side === "left" || side === "right";
  const opposite = sides[OPPOSITE[side]];
  const room = LARGEST - (isAcross ? picture.width : picture.height) - opposite;
  const most = Math.max(0, Math.floor(Math.min(MOST_ADDED, room) / GRID) * GRID);
  return { ...sides, [side]: within(Math.round(pixels / GRID) * GRID, 0, most) };
}

const OPPOSITE: Record<Side, Side> = { left: "right", right: "left", top: "bottom", bottom: "top" };

/** The size of the picture with what is added. */
export function wholeSize(picture: Size, sides: Sides): Size {
  return {
    width: picture.width + sides.left + sides.right,
    height: picture.height + sides.top + sides.bottom,
  };
}

export function isWidened(sides: Sides): boolean {
  return sides.left + sides.top + sides.right + sides.bottom > 0;
}
