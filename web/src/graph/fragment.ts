/** A part of a room, taken out of it or put into another. */

import { boxAround, nodeBox, shifted } from "./groups";
import {
  changeRoom,
  EMPTY_ROOM,
  freeGroupId,
  freeNodeId,
  freeRerouteId,
  freeWireId,
  roomAt,
  roomsOf,
} from "./room";
import type { Box, Doc, DocNode, Group, Path, Point, Reroute, Room, Wire } from "./types";
import { chainOf } from "./wires";

/** Some nodes of a room, the wires among them with their waypoints, and some groups. Wires elsewhere are left out. */
export function fragmentOf(
  room: Room,
  ids: ReadonlySet<string>,
  groups: ReadonlySet<string> = new Set(),
): Room {
  const wires = [...room.wires.values()].filter((wire) => ids.has(wire.from) && ids.has(wire.to));
  const over = new Set(wires.flatMap((wire) => chainOf(room, wire)));
  return {
    nodes: new Map([...room.nodes].filter(([id]) => ids.has(id)).map(([id, node]) => [id, unlinked(node)])),
    wires: new Map(wires.map((wire) => [wire.id, wire])),
    groups: new Map([...room.groups].filter(([id]) => groups.has(id))),
    reroutes: new Map([...room.reroutes].filter(([id]) => over.has(id))),
    raw: {},
  };
}

/** A node that says nothing of the wires it had where it was read. */
export function unlinked(node: DocNode): DocNode {
  return {
    ...node,
    inputs: node.inputs.map((input) => ({ ...input, raw: { ...input.raw, link: null } })),
    outputs: node.outputs.map((output) => ({ ...output, raw: { ...output.raw, links: [] } })),
  };
}

/** What takes up space in a part of a room. */
export function extentOf(room: Room): Box | null {
  return boxAround([
    ...[...room.nodes.values()].map(nodeBox),
    ...[...room.groups.values()].map((group) => group.box),
  ]);
}

export interface Inserted {
  readonly doc: Doc;
  /** New id of each node. */
  readonly nodes: ReadonlyMap<string, string>;
  readonly groups: ReadonlyMap<string, string>;
}

/** Put a part of a room into another, moved by an offset, under ids that are free there. Nodes keep an id that is. */
export function insertFragment(doc: Doc, path: Path, part: Room, [dx, dy]: Point): Inserted {
  const target = roomAt(doc, path) ?? EMPTY_ROOM;
  const taken = new Set(roomsOf(doc).flatMap((room) => [...room.nodes.keys()]));
  const nodes = renumbered([...part.nodes.keys()], freeNodeId(doc), (id) => !taken.has(id));
  const wires = renumbered([...part.wires.keys()], freeWireId(target));
  const groups = renumbered([...part.groups.keys()], freeGroupId(target));
  const reroutes = renumbered([...part.reroutes.keys()], freeRerouteId(target));
  const everything = {
    nodes: [...part.nodes.keys()],
    groups: [...part.groups.keys()],
    reroutes: [...part.reroutes.keys()],
  };
  const moved = shifted(unpinned(part), everything, [dx, dy]);
  const changed = changeRoom(doc, path, (room) => ({
    ...room,
    nodes: new Map([...room.nodes, ...entries(moved.nodes, nodes, withPinsOf(part))]),
    wires: new Map([
      ...room.wires,
      ...entries(moved.wires, wires, (wire: Wire) => ({
        ...wire,
        from: nodes.get(wire.from) ?? wire.from,
        to: nodes.get(wire.to) ?? wire.to,
        reroute: reroutes.get(wire.reroute) ?? "",
        raw: null,
      })),
    ]),
    groups: new Map([...room.groups, ...entries(moved.groups, groups, (group: Group) => group)]),
    reroutes: new Map([
      ...room.reroutes,
      ...entries(moved.reroutes, reroutes, (one: Reroute) => ({
        ...one,
        parent: reroutes.get(one.parent) ?? "",
        raw: {},
      })),
    ]),
  }));
  return { doc: changed, nodes, groups };
}

function renumbered(
  ids: readonly string[],
  first: number,
  isFree: (id: string) => boolean = () => false,
): ReadonlyMap<string, string> {
  let next = ids.reduce((most, id) => Math.max(most, isFree(id) ? Number(id) + 1 || 0 : 0), first);
  return new Map(ids.map((id) => [id, isFree(id) ? id : String(next++)]));
}

function entries<T extends { readonly id: string }>(
  map: ReadonlyMap<string, T>,
  ids: ReadonlyMap<string, string>,
  change: (entry: T) => T,
): readonly (readonly [string, T])[] {
  return [...map].map(([id, entry]) => {
    const now = ids.get(id) ?? id;
    return [now, { ...change(entry), id: now }];
  });
}

/** What is pasted or unpacked goes where it is put, pinned or not. */
function unpinned(part: Room): Room {
  return {
    ...part,
    nodes: new Map(
      [...part.nodes].map(([id, node]) => [id, node.pinned ? { ...node, pinned: false } : node]),
    ),
  };
}

function withPinsOf(part: Room): (node: DocNode) => DocNode {
  return (node) => (part.nodes.get(node.id)?.pinned ? { ...node, pinned: true } : node);
}
