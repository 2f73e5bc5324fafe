/** Changes of wires: linking and unlinking, and the waypoints that wires go over. */

import { withInput } from "./edit";
import { givenType, isPrimitive, isReroute, type WireEnds, whyNot } from "./fit";
import type { Json } from "./json";
import { addRoomInput, addRoomOutput, linkPromoted } from "./ports";
import {
  changeRoom,
  freeRerouteId,
  freeWireId,
  nodeAt,
  roomAt,
  wireInto,
  wiresOutOf,
  wiring,
  withNodes,
  without,
} from "./room";
import { portAt, portsOf, VIRTUAL } from "./specs";
import {
  type Catalog,
  type Doc,
  type DocNode,
  INPUTS,
  OUTPUTS,
  type Outcome,
  type Path,
  type Point,
  type Reroute,
  type Room,
  type Wire,
} from "./types";

/** Link an output to an input, in place of the wire that is there. */
export function connect(
  doc: Doc,
  path: Path,
  catalog: Catalog,
  ends: WireEnds,
): Outcome<{ readonly wire: string }> {
  const refused = whyNot(doc, path, catalog, ends);
  if (refused) return { doc: null, refused };
  if (ends.from === INPUTS && ends.output < 0) {
    const made = addRoomInput(doc, path, catalog, ends.to, ends.input);
    return connect(made.doc, path, catalog, { ...ends, output: made.place });
  }
  if (ends.to === OUTPUTS && ends.input === "") {
    const made = addRoomOutput(doc, path, catalog, ends.from, ends.output);
    return connect(made.doc, path, catalog, { ...ends, input: String(made.place) });
  }
  const target = nodeAt(doc, path, ends.to);
  const { doc: listed, key } = target
    ? linkPromoted(doc, path, catalog, target, ends.input)
    : { doc, key: ends.input };
  let wire = "";
  const type = givenType(listed, path, catalog, ends.from, ends.output);
  const linked = changeRoom(listed, path, (room) => {
    const place = inputPlace(listed, catalog, room, { ...ends, input: key });
    if (!place) return room;
    const before = wireInto(room, ends.to, place.slot);
    if (before?.from === ends.from && before.output === ends.output) {
      wire = before.id;
      return room;
    }
    wire = String(freeWireId(room));
    const cleared = before ? dropWires(place.room, [before]) : place.room;
    const { from, output, to } = ends;
    const made: Wire = { id: wire, from, output, to, input: place.slot, type, reroute: "", raw: null };
    return { ...cleared, wires: new Map(cleared.wires).set(wire, made) };
  });
  const adopted = adoptWidget(linked, path, catalog, { ...ends, input: key });
  return { doc: afterWires(adopted, path, catalog, ends.to), refused: null, wire };
}

/** Take wires away. */
export function disconnect(doc: Doc, path: Path, catalog: Catalog, wires: Iterable<string>): Doc {
  const changed = changeRoom(doc, path, (room) => {
    const gone = [...wires].flatMap((id) => room.wires.get(id) ?? []);
    return gone.length === 0 ? room : dropWires(room, gone);
  });
  return changed === doc ? doc : afterWires(changed, path, catalog);
}

/** A room without some wires, and without the waypoints that only they went over. */
export function dropWires(room: Room, wires: readonly Wire[]): Room {
  if (wires.length === 0) return room;
  const left = without(room.wires, new Set(wires.map((wire) => wire.id)));
  const over = new Set(wires.flatMap((wire) => chainOf(room, wire)));
  for (const wire of left.values()) for (const id of chainOf(room, wire)) over.delete(id);
  return { ...room, wires: left, reroutes: without(room.reroutes, over) };
}

/** The waypoints of a wire, from its beginning to its end. */
export function chainOf(room: Room, wire: Wire): readonly string[] {
  const chain: string[] = [];
  for (
    let id = wire.reroute;
    id && room.reroutes.has(id) && !chain.includes(id);
    id = room.reroutes.get(id)?.parent ?? ""
  ) {
    chain.unshift(id);
  }
  return chain;
}

/** The wires that go over each waypoint. */
export function passages(room: Room): ReadonlyMap<string, readonly string[]> {
  const passing = new Map<string, string[]>();
  for (const wire of room.wires.values()) {
    const seen = new Set<string>();
    for (let id = wire.reroute; id && !seen.has(id); id = room.reroutes.get(id)?.parent ?? "") {
      seen.add(id);
      const wires = passing.get(id);
      if (wires) wires.push(wire.id);
      else passing.set(id, [wire.id]);
    }
  }
  return passing;
}

/** Put a waypoint on a wire: before the waypoint `before`, or at its end. */
export function addReroute(
  doc: Doc,
  path: Path,
  wire: string,
  pos: Point,
  before = "",
): { readonly doc: Doc; readonly id: string } {
  let id = "";
  const changed = changeRoom(doc, path, (room) => {
    const line = room.wires.get(wire);
    if (!line) return room;
    id = String(freeRerouteId(room));
    const next = chainOf(room, line).includes(before) ? room.reroutes.get(before) : undefined;
    const made: Reroute = { id, pos, parent: next ? next.parent : line.reroute, raw: {} };
    const reroutes = new Map(room.reroutes).set(id, made);
    if (next) return { ...room, reroutes: reroutes.set(next.id, { ...next, parent: id }) };
    return { ...room, reroutes, wires: new Map(room.wires).set(wire, { ...line, reroute: id }) };
  });
  return { doc: changed, id };
}

/** Take waypoints away; the wires over them go on. */
export function removeReroutes(doc: Doc, path: Path, ids: Iterable<string>): Doc {
  return changeRoom(doc, path, (room) => {
    const gone = new Set([...ids].filter((id) => room.reroutes.has(id)));
    if (gone.size === 0) return room;
    const past = (id: string) => {
      let at = id;
      for (let steps = 0; gone.has(at) && steps <= gone.size; steps++)
        at = room.reroutes.get(at)?.parent ?? "";
      return at;
    };
    const reroutes = new Map<string, Reroute>();
    for (const [id, reroute] of room.reroutes) {
      if (!gone.has(id))
        reroutes.set(id, gone.has(reroute.parent) ? { ...reroute, parent: past(reroute.parent) } : reroute);
    }
    const wires = new Map(room.wires);
    for (const [id, wire] of wires)
      if (gone.has(wire.reroute)) wires.set(id, { ...wire, reroute: past(wire.reroute) });
    return { ...room, reroutes, wires };
  });
}

export function moveReroutes(doc: Doc, path: Path, places: ReadonlyMap<string, Point>): Doc {
  return changeRoom(doc, path, (room) => {
    const reroutes = new Map(room.reroutes);
    let moved = false;
    for (const [id, pos] of places) {
      const reroute = reroutes.get(id);
      if (!reroute || (reroute.pos[0] === pos[0] && reroute.pos[1] === pos[1])) continue;
      reroutes.set(id, { ...reroute, pos });
      moved = true;
    }
    return moved ? { ...room, reroutes } : room;
  });
}

/** Bring nodes that take the type of their wires up to date: reroutes, and primitives that feed nothing any more. */
export function afterWires(doc: Doc, path: Path, catalog: Catalog, start?: string): Doc {
  return changeRoom(doc, path, (room) => {
    const touched = start === undefined ? room.nodes.keys() : reroutesFrom(room, catalog, start);
    const changed = withNodes(room, touched, (node) => retyped(doc, path, catalog, room, node));
    return retypedWires(doc, path, catalog, changed);
  });
}

function reroutesFrom(room: Room, catalog: Catalog, start: string): ReadonlySet<string> {
  const found = new Set([start]);
  for (const id of found) {
    const node = room.nodes.get(id);
    if (!node || !isReroute(catalog, node)) continue;
    for (const wire of wiresOutOf(room, id, 0)) found.add(wire.to);
  }
  return found;
}

function retyped(doc: Doc, path: Path, catalog: Catalog, room: Room, node: DocNode): DocNode {
  const output = node.outputs[0];
  if (!output) return node;
  if (isReroute(catalog, node)) {
    const type = givenType(doc, path, catalog, node.id, 0);
    return type === output.type
      ? node
      : { ...node, outputs: [{ ...output, type }, ...node.outputs.slice(1)] };
  }
  if (isPrimitive(catalog, node) && output.type !== "*" && !wiring(room).outOf.has(node.id)) {
    const blank = VIRTUAL.get(node.type)?.outputs[0];
    return {
      ...node,
      outputs: [{ ...output, name: blank?.name ?? "", type: "*", raw: {} }],
      values: {},
      controls: {},
    };
  }
  return node;
}

function retypedWires(doc: Doc, path: Path, catalog: Catalog, room: Room): Room {
  const passing = [...room.nodes.values()].filter((node) => isReroute(catalog, node));
  let wires: Map<string, Wire> | null = null;
  for (const node of passing) {
    const type = givenType(doc, path, catalog, node.id, 0);
    for (const wire of wiresOutOf(room, node.id, 0)) {
      if (wire.type !== type) wires = (wires ?? new Map(room.wires)).set(wire.id, { ...wire, type });
    }
  }
  return wires ? { ...room, wires } : room;
}

/** A primitive node becomes what the first widget it feeds is, with its value. */
function adoptWidget(doc: Doc, path: Path, catalog: Catalog, { from, to, input }: WireEnds): Doc {
  const node = nodeAt(doc, path, from);
  const target = nodeAt(doc, path, to);
  const output = node?.outputs[0];
  if (!node || !target || !output || !isPrimitive(catalog, node) || output.type !== "*") return doc;
  const port = portAt(doc, catalog, target, input);
  if (!port?.isWidget) return doc;
  const value: Json = target.values[port.name] ?? port.spec?.default ?? null;
  const made: DocNode = {
    ...node,
    outputs: [{ ...output, name: port.type, type: port.type, raw: { widget: { name: port.name } } }],
    values: value === null ? {} : { value },
    controls: port.type === "STRING" || port.type === "BOOLEAN" ? {} : { value: "fixed" },
  };
  const changed = changeRoom(doc, path, (room) => {
    const wires = new Map(room.wires);
    for (const wire of wiresOutOf(room, node.id, 0)) wires.set(wire.id, { ...wire, type: port.type });
    return { ...room, wires, nodes: new Map(room.nodes).set(node.id, made) };
  });
  return changed;
}

function inputPlace(
  doc: Doc,
  catalog: Catalog,
  room: Room,
  { to, input }: WireEnds,
): { readonly room: Room; readonly slot: number } | null {
  if (to === OUTPUTS) return { room, slot: Number(input) };
  const node = room.nodes.get(to);
  const listed = node && withInput(doc, catalog, node, input);
  if (!node || !listed) return null;
  const nodes = listed.node === node ? room.nodes : new Map(room.nodes).set(to, listed.node);
  return { room: nodes === room.nodes ? room : { ...room, nodes }, slot: listed.slot };
}

/** What a primitive node's value is for: the widget of the first input that it feeds. */
export function fedBy(doc: Doc, path: Path, catalog: Catalog, primitive: DocNode) {
  const room = roomAt(doc, path);
  if (!room) return null;
  for (const wire of wiresOutOf(room, primitive.id, 0)) {
    const target = room.nodes.get(wire.to);
    const port = target && portsOf(doc, catalog, target).widgets.find((one) => one.slot === wire.input);
    if (target && port) return { node: target, port };
  }
  return null;
}
