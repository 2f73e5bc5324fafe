/** Lining nodes up, and spreading them evenly. */

import { moveNodes } from "./edit";
import { nodeBox } from "./groups";
import { roomAt } from "./room";
import type { Box, Doc, DocNode, Path, Point } from "./types";

export type Edge = "left" | "right" | "top" | "bottom" | "middle" | "centre";

/** Where each edge is taken from: the axis, and the share of the width or height before it. */
const EDGES: Readonly<Record<Edge, readonly [axis: 0 | 1, share: number]>> = {
  left: [0, 0],
  centre: [0, 0.5],
  right: [0, 1],
  top: [1, 0],
  middle: [1, 0.5],
  bottom: [1, 1],
};

/** Line nodes up at an edge: the outermost of them gives the line; for `centre` and `middle`, the mean does. */
export function align(doc: Doc, path: Path, ids: Iterable<string>, edge: Edge): Doc {
  const nodes = nodesOf(doc, path, ids);
  const [axis, share] = EDGES[edge];
  const lines = nodes.map((node) => lineOf(nodeBox(node), axis, share));
  if (lines.length < 2) return doc;
  const mean = lines.reduce((sum, line) => sum + line, 0) / lines.length;
  const line = share === 0 ? Math.min(...lines) : share === 1 ? Math.max(...lines) : mean;
  const places = nodes.map(
    (node) => [node.id, shift(node, axis, line - lineOf(nodeBox(node), axis, share))] as const,
  );
  return moveNodes(doc, path, new Map(places));
}

/** Spread nodes so that the gaps between them are equal; the outermost two stay. */
export function distribute(doc: Doc, path: Path, ids: Iterable<string>, direction: "across" | "down"): Doc {
  const axis = direction === "across" ? 0 : 1;
  const nodes = nodesOf(doc, path, ids).sort((one, other) => one.pos[axis] - other.pos[axis]);
  const first = nodes[0];
  const last = nodes.at(-1);
  if (!first || !last || nodes.length < 3) return doc;
  const extents = nodes.map((node) => nodeBox(node)[axis === 0 ? 2 : 3]);
  const start = lineOf(nodeBox(first), axis, 0);
  const span = lineOf(nodeBox(last), axis, 1) - start;
  const gap = (span - extents.reduce((sum, extent) => sum + extent, 0)) / (nodes.length - 1);
  let at = start;
  const places = nodes.map((node, place) => {
    const to = shift(node, axis, at - lineOf(nodeBox(node), axis, 0));
    at += (extents[place] ?? 0) + gap;
    return [node.id, to] as const;
  });
  return moveNodes(doc, path, new Map(places));
}

function nodesOf(doc: Doc, path: Path, ids: Iterable<string>): DocNode[] {
  const room = roomAt(doc, path);
  return [...ids].flatMap((id) => room?.nodes.get(id) ?? []);
}

function lineOf(box: Box, axis: 0 | 1, share: number): number {
  return box[axis] + share * box[axis === 0 ? 2 : 3];
}

function shift({ pos }: DocNode, axis: 0 | 1, by: number): Point {
  return axis === 0 ? [Math.round(pos[0] + by), pos[1]] : [pos[0], Math.round(pos[1] + by)];
}
