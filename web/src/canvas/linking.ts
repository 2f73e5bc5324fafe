/** Drawing wires: from one end to another, by hand or by choosing from a list. */

import { usualFirst } from "@/api/lastFiles";
import { pasteJson } from "@/graph/clipboard";
import { addNode, moveNodes, type NewNode } from "@/graph/edit";
import { accepts } from "@/graph/fit";
import type { JsonObject } from "@/graph/json";
import { nodeAt, roomAt } from "@/graph/room";
import { portsOf, specOf } from "@/graph/specs";
import type { Box, Catalog, Doc, Path, Point } from "@/graph/types";
import { addReroute, connect, disconnect } from "@/graph/wires";
import type { Pull } from "./asking";
import { desk, docOf, edit, tabOf } from "./desk";
import { wireOf } from "./flow";
import { drawingOf, inputSpot, newSize, outputSpot, TITLE } from "./geometry";
import { freePlace } from "./nearby";
import { endsBetween, fitting, pulledType, spotKey } from "./pulling";
import { focusNode } from "./selecting";

/** Link what is pulled to another end; where a wire was taken by its end, in place of that one. */
export function link(pull: Pull, node: string, spot: string, instead?: string): boolean {
  const ends = endsBetween(pull, node, spot);
  if (ends === null) return false;
  return edit("did link", (doc, path, catalog) => {
    const free = instead ? disconnect(doc, path, catalog, [instead]) : doc;
    return connect(free, path, catalog, ends);
  });
}

/** Put a waypoint where one points on an edge of the canvas. */
export function addWaypoint(edge: string, at: Point): void {
  const [kind, id = ""] = edge.split(":");
  edit("did add waypoint", (doc, path) => {
    const made = addReroute(doc, path, wireOf(edge), at, kind === "s" ? id : "");
    return { doc: made.doc, select: [`r:${made.id}`] };
  });
}

/** Link what is pulled to the first end of a node that fits. */
export function linkToNode(pull: Pull, node: string): boolean {
  const state = desk();
  const [doc, tab] = [docOf(state), tabOf(state)];
  if (!doc || !tab) return false;
  const spot = bestSpot(doc, tab.path, state.catalog, pull, node);
  return spot !== null && link(pull, node, spot);
}

/** The end of a node that fits best: of the very type, and not linked yet. */
function bestSpot(doc: Doc, path: Path, catalog: Catalog, pull: Pull, id: string): string | null {
  const node = nodeAt(doc, path, id);
  if (!node) return null;
  const fits = fitting(doc, path, catalog, pull);
  const type = pulledType(doc, path, catalog, pull);
  const { inputs, widgets, outputs } = portsOf(doc, catalog, node);
  const spots =
    "output" in pull.end
      ? [...inputs, ...widgets].map((port) => ({ spot: inputSpot(port.key), type: port.type }))
      : outputs.map((port, place) => ({ spot: outputSpot(place), type: port.type }));
  const fitted = spots.filter(({ spot }) => fits.has(spotKey(id, spot)));
  const exact = fitted.filter((one) => one.type === type);
  return (exact[0] ?? fitted.find((one) => accepts(one.type, type)) ?? fitted[0])?.spot ?? null;
}

export type Addition = NewNode | { readonly json: JsonObject; readonly pos: Point };

const BESIDE = 60; // pixels between a node and the one that is put beside it

/** Add a node where one points, or beside what one is at, and link it to what is pulled; the keyboard goes to it. */
export function addAt(
  addition: Addition,
  { pull, isFree = false }: { pull?: Pull; isFree?: boolean } = {},
): void {
  const { current } = desk();
  const files = usualFirst(desk().files);
  let added = "";
  edit(pull ? "did add linked" : "did add", (doc, path, catalog) => {
    const made = madeIn(doc, path, catalog, addition, files);
    if (!made) return doc;
    added = made.id;
    const placed = moveNodes(made.doc, path, new Map([[added, placeOf(made.doc, path, catalog)]]));
    const spot = pull ? bestSpot(placed, path, catalog, pull, added) : null;
    const ends = pull && spot ? endsBetween(pull, added, spot) : null;
    const linked = ends ? connect(placed, path, catalog, ends) : null;
    return { doc: linked?.doc ?? placed, select: [added] };
  });
  if (added) focusNode(added);

  function placeOf(doc: Doc, path: Path, catalog: Catalog): Point {
    const boxes = boxesIn(doc, path, catalog);
    const [, , width = 0, height = 0] = boxes.get(added) ?? [];
    const isBefore = pull !== undefined && "input" in pull.end;
    boxes.delete(added);
    const beside = isFree ? boxes.get(pull?.node ?? current) : undefined;
    const [x, y] = addition.pos;
    if (!isFree) return [isBefore ? x - width : x, y];
    const wish: Box = beside
      ? [isBefore ? beside[0] - BESIDE - width : beside[0] + beside[2] + BESIDE, beside[1], width, height]
      : [x, y, width, height];
    const [left, top] = freePlace(wish, [...boxes.values()]);
    return [left, top + TITLE];
  }
}

/** Where the nodes of a room are drawn, by id. */
function boxesIn(doc: Doc, path: Path, catalog: Catalog): Map<string, Box> {
  const room = roomAt(doc, path);
  return new Map(
    [...(room?.nodes.values() ?? [])].map((node) => {
      const { width, height } = drawingOf(node, portsOf(doc, catalog, node));
      return [node.id, [node.pos[0], node.pos[1] - TITLE, width, height]];
    }),
  );
}

function madeIn(
  doc: Doc,
  path: Path,
  catalog: Catalog,
  addition: Addition,
  files: Readonly<Record<string, readonly string[]>>,
): { readonly doc: Doc; readonly id: string } | null {
  if ("json" in addition) {
    const pasted = pasteJson(doc, path, catalog, addition.json, { at: addition.pos });
    return pasted.doc && pasted.nodes[0] ? { doc: pasted.doc, id: pasted.nodes[0] } : null;
  }
  const made = addNode(doc, path, catalog, addition, files);
  const node = nodeAt(made.doc, path, made.id);
  const spec = node && specOf(made.doc, catalog, node);
  if (!node || !spec || addition.size || !catalog.has(addition.type)) return made;
  const size = newSize(spec, portsOf(made.doc, catalog, node));
  return addNode(doc, path, catalog, { ...addition, size }, files);
}
