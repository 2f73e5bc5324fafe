/** What differs between two documents: for a history to show. */

import { type Json, same } from "./json";
import { EMPTY_ROOM } from "./room";
import { keyOf } from "./specs";
import type { Definition, Doc, DocNode, Room, Wire } from "./types";

/** A value of a node before and after; `undefined` where there is none. */
export interface Difference {
  /** A widget's name, or what of the node differs. */
  readonly name: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

export interface NodeChange {
  readonly before: DocNode;
  readonly after: DocNode;
  readonly values: readonly Difference[];
  /** Title, mode, type and the like. */
  readonly fields: readonly Difference[];
  /** Whether it is elsewhere or of another size. */
  readonly isMoved: boolean;
}

/** A wire by what it links. */
export interface WireChange {
  readonly from: string;
  readonly output: number;
  readonly to: string;
  /** Key of the input. */
  readonly input: string;
}

export interface RoomChange {
  /** Id of the subgraph; empty for the outermost room. */
  readonly subgraph: string;
  readonly name: string;
  readonly added: readonly DocNode[];
  readonly removed: readonly DocNode[];
  readonly changed: readonly NodeChange[];
  readonly wiresAdded: readonly WireChange[];
  readonly wiresRemoved: readonly WireChange[];
  readonly groupsChanged: number;
}

/** What differs, room by room; empty for two documents that mean and look the same. */
export function compare(before: Doc, after: Doc): readonly RoomChange[] {
  const types = new Set([...before.subgraphs.keys(), ...after.subgraphs.keys()]);
  const inside = [...types].map((type) => {
    const [one, other] = [before.subgraphs.get(type), after.subgraphs.get(type)];
    return compareRooms(one?.room ?? EMPTY_ROOM, other?.room ?? EMPTY_ROOM, type, nameOf(other ?? one));
  });
  return [compareRooms(before.root, after.root, "", ""), ...inside].filter((change) => !isNothing(change));
}

const FIELDS = ["type", "title", "mode", "collapsed", "pinned", "color", "bgcolor"] as const;

function compareRooms(before: Room, after: Room, subgraph: string, name: string): RoomChange {
  const changed: NodeChange[] = [];
  for (const [id, node] of after.nodes) {
    const earlier = before.nodes.get(id);
    const change = earlier && earlier !== node ? compareNodes(earlier, node) : null;
    if (change) changed.push(change);
  }
  const earlier = wiresOf(before);
  const later = wiresOf(after);
  return {
    subgraph,
    name,
    added: [...after.nodes.values()].filter((node) => !before.nodes.has(node.id)),
    removed: [...before.nodes.values()].filter((node) => !after.nodes.has(node.id)),
    changed,
    wiresAdded: [...later].filter(([key]) => !earlier.has(key)).map(([, wire]) => wire),
    wiresRemoved: [...earlier].filter(([key]) => !later.has(key)).map(([, wire]) => wire),
    groupsChanged: groupsChanged(before, after),
  };
}

function compareNodes(before: DocNode, after: DocNode): NodeChange | null {
  const names = new Set([...Object.keys(before.values), ...Object.keys(after.values)]);
  const controls = new Set([...Object.keys(before.controls), ...Object.keys(after.controls)]);
  const values = [
    ...[...names].map((name) => ({ name, before: before.values[name], after: after.values[name] })),
    ...[...controls].map((name) => ({
      name: `${name}: control`,
      before: before.controls[name],
      after: after.controls[name],
    })),
  ].filter(isDifferent);
  const fields: Difference[] = FIELDS.map((name) => ({
    name,
    before: before[name],
    after: after[name],
  })).filter(isDifferent);
  const isMoved = !same(before.pos, after.pos) || !same(before.size, after.size);
  return values.length + fields.length > 0 || isMoved ? { before, after, values, fields, isMoved } : null;
}

function wiresOf(room: Room): ReadonlyMap<string, WireChange> {
  const links = [...room.wires.values()].map((wire) => linkOf(room, wire));
  return new Map(links.map((link) => [`${link.from} ${link.output} ${link.to} ${link.input}`, link]));
}

function linkOf(room: Room, { from, output, to, input }: Wire): WireChange {
  const target = room.nodes.get(to);
  return { from, output, to, input: target ? keyOf(target.inputs, input) : String(input) };
}

function groupsChanged(before: Room, after: Room): number {
  const look = ({ title, color, box }: { title: string; color: string; box: readonly number[] }) => [
    title,
    color,
    box,
  ];
  const ids = new Set([...before.groups.keys(), ...after.groups.keys()]);
  return [...ids].filter((id) => {
    const [one, other] = [before.groups.get(id), after.groups.get(id)];
    return !one || !other || (one !== other && !same(look(one), look(other)));
  }).length;
}

function isDifferent({ before, after }: Difference): boolean {
  return !same(before, after);
}

function isNothing(change: RoomChange): boolean {
  const { added, removed, changed, wiresAdded, wiresRemoved, groupsChanged: groups } = change;
  return (
    added.length + removed.length + changed.length + wiresAdded.length + wiresRemoved.length + groups === 0
  );
}

function nameOf(definition: Definition | undefined): string {
  return definition?.name ?? "";
}
