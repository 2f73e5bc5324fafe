/** Things on the canvas that are dragged: groups take with them what lay in them when the drag began. */

import { moveNodes } from "@/graph/edit";
import { isReroute } from "@/graph/fit";
import { type Contents, contentsOf } from "@/graph/groups";
import { changeRoom, definitionAt, roomAt, withDefinition } from "@/graph/room";
import { type Box, type Catalog, type Doc, INPUTS, OUTPUTS, type Path, type Point } from "@/graph/types";
import { moveReroutes } from "@/graph/wires";
import { WAYPOINT } from "./flow";
import { TITLE } from "./geometry";

/** What a drag began with. */
export interface Start {
  readonly doc: Doc;
  /** What lay in each group that is dragged. */
  readonly inside: ReadonlyMap<string, Contents>;
}

export function beginMove(doc: Doc, path: Path, ids: Iterable<string>): Start {
  const room = roomAt(doc, path);
  const inside = new Map<string, Contents>();
  for (const id of ids) {
    const group = id.startsWith("g:") ? room?.groups.get(id.slice(2)) : undefined;
    if (room && group) inside.set(group.id, contentsOf(room, group));
  }
  return { doc, inside };
}

/** The document with things at new places, given as the canvas has them. */
export function moved(
  doc: Doc,
  path: Path,
  catalog: Catalog,
  places: ReadonlyMap<string, Point>,
  start: Start,
): Doc {
  const room = roomAt(doc, path);
  const before = roomAt(start.doc, path);
  if (!room || !before) return doc;
  const nodes = new Map<string, Point>();
  const reroutes = new Map<string, Point>();
  const groups = new Map<string, Point>();
  for (const [id, [x, y]] of places) {
    if (id.startsWith("g:")) {
      const group = before.groups.get(id.slice(2));
      if (!group) continue;
      const by: Point = [x - group.box[0], y - group.box[1]];
      groups.set(group.id, [x, y]);
      const inside = start.inside.get(group.id);
      for (const one of inside?.nodes ?? []) shift(nodes, one, before.nodes.get(one)?.pos, by);
      for (const one of inside?.reroutes ?? []) shift(reroutes, one, before.reroutes.get(one)?.pos, by);
      for (const one of inside?.groups ?? []) shift(groups, one, before.groups.get(one)?.box, by);
    } else if (id.startsWith("r:")) {
      reroutes.set(id.slice(2), [x + WAYPOINT / 2, y + WAYPOINT / 2]);
    } else {
      const node = room.nodes.get(id);
      if (node) nodes.set(id, [x, isReroute(catalog, node) ? y : y + TITLE]);
    }
  }
  const changed = moveReroutes(moveNodes(doc, path, nodes), path, reroutes);
  return movedEnds(movedGroups(changed, path, groups), path, places);
}

function shift(places: Map<string, Point>, id: string, from: readonly number[] | undefined, by: Point): void {
  const [x = 0, y = 0] = from ?? [];
  if (from && !places.has(id)) places.set(id, [x + by[0], y + by[1]]);
}

function movedGroups(doc: Doc, path: Path, places: ReadonlyMap<string, Point>): Doc {
  if (places.size === 0) return doc;
  return changeRoom(doc, path, (room) => {
    const groups = new Map(room.groups);
    for (const [id, pos] of places) {
      const group = groups.get(id);
      if (group) groups.set(id, { ...group, box: at(group.box, pos) });
    }
    return { ...room, groups };
  });
}

function movedEnds(doc: Doc, path: Path, places: ReadonlyMap<string, Point>): Doc {
  const [inputs, outputs] = [places.get(INPUTS), places.get(OUTPUTS)];
  const definition = definitionAt(doc, path);
  if (!definition || (!inputs && !outputs)) return doc;
  return withDefinition(doc, {
    ...definition,
    inputBox: inputs ? at(definition.inputBox, inputs) : definition.inputBox,
    outputBox: outputs ? at(definition.outputBox, outputs) : definition.outputBox,
  });
}

function at([, , width, height]: Box, [x, y]: Point): Box {
  return [x, y, width, height];
}
