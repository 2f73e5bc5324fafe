/** Moving between nodes by the arrow keys. */

import type { Box, Point } from "@/graph/types";

export type Direction = "left" | "right" | "up" | "down";

const AHEAD: Readonly<Record<Direction, readonly [x: number, y: number]>> = {
  left: [-1, 0],
  right: [1, 0],
  up: [0, -1],
  down: [0, 1],
};

/** The nearest of some boxes in a direction from another, by their middles; what is straight ahead counts as nearer. */
export function nearest(from: Box, boxes: ReadonlyMap<string, Box>, direction: Direction): string | null {
  const [ahead, across] = [
    AHEAD[direction],
    AHEAD[direction === "left" || direction === "right" ? "down" : "right"],
  ];
  const start = middle(from);
  let best: { readonly id: string; readonly distance: number } | null = null;
  for (const [id, box] of boxes) {
    const [x, y] = middle(box);
    const [dx, dy] = [x - start[0], y - start[1]];
    const forward = dx * ahead[0] + dy * ahead[1];
    const aside = Math.abs(dx * across[0] + dy * across[1]);
    if (forward <= 1) continue;
    const distance = forward + 2 * aside;
    if (!best || distance < best.distance) best = { id, distance };
  }
  return best?.id ?? null;
}

function middle([x, y, width, height]: Box): readonly [number, number] {
  return [x + width / 2, y + height / 2];
}

const GAP = 30; // pixels that are left free around a box

/** The place nearest below a wished one where a box covers no other. */
export function freePlace(wish: Box, taken: readonly Box[]): Point {
  const [x, , width, height] = wish;
  let top = wish[1];
  for (;;) {
    const hit = taken.find(
      (box) =>
        x < box[0] + box[2] + GAP &&
        box[0] < x + width + GAP &&
        top < box[1] + box[3] + GAP &&
        box[1] < top + height + GAP,
    );
    if (!hit) return [x, top];
    top = hit[1] + hit[3] + GAP + 1;
  }
}
