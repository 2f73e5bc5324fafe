/** Groups: titled boxes behind nodes. What lies in one moves with it. */

import { GROUP_COLOR } from "./read";
import { changeRoom, freeGroupId, roomAt, without } from "./room";
import { TITLE } from "./size";
import type { Box, Doc, DocNode, Group, Path, Point, Room } from "./types";

const MARGIN = 10; // pixels around the nodes of a group
export const GROUP_TITLE = 34;

export interface Contents {
  readonly nodes: readonly string[];
  readonly groups: readonly string[];
  readonly reroutes: readonly string[];
}

export function addGroup(
  doc: Doc,
  path: Path,
  box: Box,
  title: string,
  color = GROUP_COLOR,
): { readonly doc: Doc; readonly id: string } {
  let id = "";
  const changed = changeRoom(doc, path, (room) => {
    id = String(freeGroupId(room));
    return { ...room, groups: new Map(room.groups).set(id, { id, title, box, color, raw: {} }) };
  });
  return { doc: changed, id };
}

/** Put a group around nodes. */
export function groupAround(
  doc: Doc,
  path: Path,
  ids: Iterable<string>,
  title: string,
): { readonly doc: Doc; readonly id: string } {
  const room = roomAt(doc, path);
  const nodes = [...ids].flatMap((id) => room?.nodes.get(id) ?? []);
  const box = boxAround(nodes.map(nodeBox));
  return box ? addGroup(doc, path, framed(box), title) : { doc, id: "" };
}

/** Take groups away; what is in them stays. */
export function removeGroups(doc: Doc, path: Path, ids: Iterable<string>): Doc {
  return changeRoom(doc, path, (room) => {
    const groups = without(room.groups, new Set(ids));
    return groups === room.groups ? room : { ...room, groups };
  });
}

export function resizeGroup(doc: Doc, path: Path, id: string, box: Box): Doc {
  return changeGroup(doc, path, id, (group) => ({ ...group, box }));
}

/** Make a group as large as what lies in it. */
export function fitGroup(doc: Doc, path: Path, id: string): Doc {
  return changeRoom(doc, path, (room) => {
    const group = room.groups.get(id);
    const box = group && boxAround(boxesOf(room, contentsOf(room, group)));
    return group && box
      ? { ...room, groups: new Map(room.groups).set(id, { ...group, box: framed(box) }) }
      : room;
  });
}

export function renameGroup(doc: Doc, path: Path, id: string, title: string): Doc {
  return changeGroup(doc, path, id, (group) => (group.title === title ? group : { ...group, title }));
}

export function recolorGroup(doc: Doc, path: Path, id: string, color: string): Doc {
  return changeGroup(doc, path, id, (group) => (group.color === color ? group : { ...group, color }));
}

/** What lies in a group: nodes by their middle, other groups as a whole. */
export function contentsOf(room: Room, group: Group): Contents {
  const isMiddleIn = (box: Box) => isIn(group.box, [box[0] + box[2] / 2, box[1] + box[3] / 2]);
  return {
    nodes: [...room.nodes.values()].filter((node) => isMiddleIn(nodeBox(node))).map((node) => node.id),
    groups: [...room.groups.values()]
      .filter((one) => one !== group && isWithin(group.box, one.box))
      .map((one) => one.id),
    reroutes: [...room.reroutes.values()].filter((one) => isIn(group.box, one.pos)).map((one) => one.id),
  };
}

/** A room with some of what is in it moved; pinned nodes stay. */
export function shifted(room: Room, { nodes, groups, reroutes }: Contents, [dx, dy]: Point): Room {
  const made = { nodes: new Map(room.nodes), groups: new Map(room.groups), reroutes: new Map(room.reroutes) };
  for (const id of nodes) {
    const node = made.nodes.get(id);
    if (node && !node.pinned) made.nodes.set(id, { ...node, pos: [node.pos[0] + dx, node.pos[1] + dy] });
  }
  for (const id of groups) {
    const group = made.groups.get(id);
    if (group) {
      const [x, y, width, height] = group.box;
      made.groups.set(id, { ...group, box: [x + dx, y + dy, width, height] });
    }
  }
  for (const id of reroutes) {
    const one = made.reroutes.get(id);
    if (one) made.reroutes.set(id, { ...one, pos: [one.pos[0] + dx, one.pos[1] + dy] });
  }
  return {
    ...room,
    nodes: nodes.length > 0 ? made.nodes : room.nodes,
    groups: groups.length > 0 ? made.groups : room.groups,
    reroutes: reroutes.length > 0 ? made.reroutes : room.reroutes,
  };
}

/** Where a node is drawn, with its title bar; a folded one is that bar alone. */
export function nodeBox({ pos, size, collapsed }: DocNode): Box {
  return [pos[0], pos[1] - TITLE, size[0], TITLE + (collapsed ? 0 : size[1])];
}

export function boxAround(boxes: readonly Box[]): Box | null {
  if (boxes.length === 0) return null;
  const left = Math.min(...boxes.map((box) => box[0]));
  const top = Math.min(...boxes.map((box) => box[1]));
  const right = Math.max(...boxes.map((box) => box[0] + box[2]));
  const bottom = Math.max(...boxes.map((box) => box[1] + box[3]));
  return [left, top, right - left, bottom - top];
}

/** The box of a group around what takes up `box`. */
export function framed([x, y, width, height]: Box): Box {
  return [x - MARGIN, y - MARGIN - GROUP_TITLE, width + 2 * MARGIN, height + 2 * MARGIN + GROUP_TITLE];
}

export function boxesOf(room: Room, { nodes, groups }: Contents): readonly Box[] {
  return [
    ...nodes.flatMap((id) => room.nodes.get(id) ?? []).map(nodeBox),
    ...groups.flatMap((id) => room.groups.get(id) ?? []).map((group) => group.box),
  ];
}

/** Whether one box is inside another as a whole. */
export function isWithin(outer: Box, inner: Box): boolean {
  return isIn(outer, [inner[0], inner[1]]) && isIn(outer, [inner[0] + inner[2], inner[1] + inner[3]]);
}

function isIn(box: Box, [x, y]: Point): boolean {
  return x >= box[0] && y >= box[1] && x <= box[0] + box[2] && y <= box[1] + box[3];
}

function changeGroup(doc: Doc, path: Path, id: string, change: (group: Group) => Group): Doc {
  return changeRoom(doc, path, (room) => {
    const group = room.groups.get(id);
    const changed = group && change(group);
    return !changed || changed === group ? room : { ...room, groups: new Map(room.groups).set(id, changed) };
  });
}
