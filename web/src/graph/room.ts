/** Finding one's way in a document: its rooms, and which wires are where. */

import type { Definition, Doc, DocNode, Path, Room, Wire } from "./types";

export const EMPTY_ROOM: Room = {
  nodes: new Map(),
  wires: new Map(),
  groups: new Map(),
  reroutes: new Map(),
  raw: {},
};

/** The subgraph that a path leads into; null for the outermost room, and where the path leads nowhere. */
export function definitionAt(doc: Doc, path: Path): Definition | null {
  let room = doc.root;
  let found: Definition | null = null;
  for (const id of path) {
    found = doc.subgraphs.get(room.nodes.get(id)?.type ?? "") ?? null;
    if (!found) return null;
    room = found.room;
  }
  return found;
}

/** The room that a path leads to; null where it leads nowhere. */
export function roomAt(doc: Doc, path: Path): Room | null {
  return path.length === 0 ? doc.root : (definitionAt(doc, path)?.room ?? null);
}

export function nodeAt(doc: Doc, path: Path, id: string): DocNode | null {
  return roomAt(doc, path)?.nodes.get(id) ?? null;
}

/** All rooms of a document: the outermost, then each subgraph once. */
export function roomsOf(doc: Doc): readonly Room[] {
  return [doc.root, ...[...doc.subgraphs.values()].map((definition) => definition.room)];
}

/** The document with a room changed; the document itself where the change changes nothing. */
export function changeRoom(doc: Doc, path: Path, change: (room: Room) => Room): Doc {
  if (path.length === 0) {
    const root = change(doc.root);
    return root === doc.root ? doc : { ...doc, root };
  }
  const definition = definitionAt(doc, path);
  if (!definition) return doc;
  const room = change(definition.room);
  return room === definition.room ? doc : withDefinition(doc, { ...definition, room });
}

/** The document with a subgraph put in or replaced. */
export function withDefinition(doc: Doc, definition: Definition): Doc {
  return { ...doc, subgraphs: new Map(doc.subgraphs).set(definition.id, definition) };
}

/** The document with every room changed by the same rule. */
export function changeRooms(doc: Doc, change: (room: Room) => Room): Doc {
  const root = change(doc.root);
  let subgraphs = doc.subgraphs;
  for (const definition of doc.subgraphs.values()) {
    const room = change(definition.room);
    if (room !== definition.room) subgraphs = new Map(subgraphs).set(definition.id, { ...definition, room });
  }
  return root === doc.root && subgraphs === doc.subgraphs ? doc : { ...doc, root, subgraphs };
}

/** The document with some nodes of a room changed. */
export function changeNodes(
  doc: Doc,
  path: Path,
  ids: Iterable<string>,
  change: (node: DocNode) => DocNode,
): Doc {
  return changeRoom(doc, path, (room) => withNodes(room, ids, change));
}

export function changeNode(doc: Doc, path: Path, id: string, change: (node: DocNode) => DocNode): Doc {
  return changeNodes(doc, path, [id], change);
}

export function withNodes(room: Room, ids: Iterable<string>, change: (node: DocNode) => DocNode): Room {
  const nodes = changedEntries(room.nodes, ids, change);
  return nodes === room.nodes ? room : { ...room, nodes };
}

/** A map with some of its entries changed; the map itself where none is. */
function changedEntries<T>(
  map: ReadonlyMap<string, T>,
  ids: Iterable<string>,
  change: (entry: T) => T,
): ReadonlyMap<string, T> {
  let changed: Map<string, T> | null = null;
  for (const id of ids) {
    const before = map.get(id);
    if (before === undefined) continue;
    const after = change(before);
    if (after !== before) changed = (changed ?? new Map(map)).set(id, after);
  }
  return changed ?? map;
}

/** A map without some of its entries; the map itself where it has none of them. */
export function without<T>(map: ReadonlyMap<string, T>, ids: ReadonlySet<string>): ReadonlyMap<string, T> {
  if (![...ids].some((id) => map.has(id))) return map;
  return new Map([...map].filter(([id]) => !ids.has(id)));
}

/** Which wires are at which node. */
export interface Wiring {
  /** The wire into each input of a node, by the input's number. */
  readonly into: ReadonlyMap<string, ReadonlyMap<number, Wire>>;
  /** The wires out of a node, in the order of the document. */
  readonly outOf: ReadonlyMap<string, readonly Wire[]>;
}

/** Which wires are where in a room; made once for each set of wires. */
export function wiring(room: Room): Wiring {
  const known = wirings.get(room.wires);
  if (known) return known;
  const into = new Map<string, Map<number, Wire>>();
  const outOf = new Map<string, Wire[]>();
  for (const wire of room.wires.values()) {
    entry(into, wire.to, () => new Map()).set(wire.input, wire);
    entry(outOf, wire.from, () => []).push(wire);
  }
  const made = { into, outOf };
  wirings.set(room.wires, made);
  return made;
}

/** The wire that ends at an input; null for none. */
export function wireInto(room: Room, node: string, slot: number | null): Wire | null {
  return slot === null ? null : (wiring(room).into.get(node)?.get(slot) ?? null);
}

/** The wires that begin at an output. */
export function wiresOutOf(room: Room, node: string, output: number): readonly Wire[] {
  return (wiring(room).outOf.get(node) ?? []).filter((wire) => wire.output === output);
}

/** An id for a new node; no other node of the document has it, not in a subgraph either. */
export function freeNodeId(doc: Doc): number {
  const states = [doc.raw, ...[...doc.subgraphs.values()].map((definition) => definition.raw)];
  const counted = states.map((raw) => Math.max(numberOf(raw.last_node_id), stateOf(raw, "lastNodeId")));
  return 1 + Math.max(0, ...counted, ...roomsOf(doc).map((room) => largest(room.nodes)), mentioned(doc));
}

/** A number for a new wire of a room. */
export function freeWireId(room: Room): number {
  const links = Array.isArray(room.raw.links) ? room.raw.links : [];
  const dead = links.map((link) => numberOf(Array.isArray(link) ? link[0] : isRecord(link) ? link.id : null));
  const counted = Math.max(numberOf(room.raw.last_link_id), stateOf(room.raw, "lastLinkId"));
  return (
    1 +
    dead.reduce(
      (most, id) => Math.max(most, id),
      Math.max(0, counted, largest(room.wires), mentionedWires(room)),
    )
  );
}

export function freeGroupId(room: Room): number {
  return 1 + Math.max(0, stateOf(room.raw, "lastGroupId"), largest(room.groups));
}

export function freeRerouteId(room: Room): number {
  return 1 + Math.max(0, stateOf(room.raw, "lastRerouteId"), largest(room.reroutes));
}

const wirings = new WeakMap<ReadonlyMap<string, Wire>, Wiring>();
const largests = new WeakMap<object, number>();

/** The largest number that is an id in a map. */
export function largest(map: ReadonlyMap<string, unknown>): number {
  let most = largests.get(map);
  if (most === undefined) {
    most = 0;
    for (const id of map.keys()) most = Math.max(most, numberOf(Number(id)));
    largests.set(map, most);
  }
  return most;
}

function entry<T>(map: Map<string, T>, key: string, make: () => T): T {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

/** The largest id of a node that wires name which lead nowhere: a new node must not catch them. */
function mentioned(doc: Doc): number {
  let most = 0;
  for (const room of roomsOf(doc)) {
    for (const link of Array.isArray(room.raw.links) ? room.raw.links : []) {
      const ends = Array.isArray(link)
        ? [link[1], link[3]]
        : isRecord(link)
          ? [link.origin_id, link.target_id]
          : [];
      for (const end of ends) most = Math.max(most, numberOf(end));
    }
  }
  return most;
}

/** The largest number of a wire that a node names, be it there or not. */
function mentionedWires(room: Room): number {
  let most = 0;
  for (const node of room.nodes.values()) {
    for (const input of node.inputs) most = Math.max(most, numberOf(input.raw.link));
  }
  return most;
}

function stateOf(raw: { readonly [name: string]: unknown }, name: string): number {
  return isRecord(raw.state) ? numberOf(raw.state[name]) : 0;
}

function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
