/** Wires, waypoints and sockets as JSON. What a document says of them is kept to the letter while the wires are the same. */

import { isObject, type Json, type JsonObject, listOf, objectOf, same, textOf } from "./json";
import { type Changes, idOf, keepOrder, overlay, REMOVED } from "./overlay";
import { readPair, readWireEntry, reroutesOf, typeOf } from "./read";
import type { Input, Output, Reroute, Room, RoomPort, Wire } from "./types";
import { passages } from "./wires";

export function writeWires(room: Room, before: Room, isListed: boolean): readonly Json[] {
  const written = new Map(
    [...room.wires.values()].map((wire) => [wire.id, writeWire(wire, before.wires.get(wire.id), isListed)]),
  );
  const idOfLive = (link: Json) => {
    const id = readWireEntry(link)?.id;
    return id !== undefined && before.wires.get(id)?.raw === link ? id : null;
  };
  return keepOrder(listOf(room.raw.links), idOfLive, written);
}

function writeWire(wire: Wire, before: Wire | undefined, isListed: boolean): Json {
  if (before && same({ ...wire, raw: null }, { ...before, raw: null })) return before.raw;
  const ends = [idOf(wire.id), idOf(wire.from), wire.output, idOf(wire.to), wire.input, wire.type] as const;
  if (isListed) return [...ends];
  const [id, origin_id, origin_slot, target_id, target_slot, type] = ends;
  const parentId = wire.reroute === "" ? REMOVED : idOf(wire.reroute);
  return overlay(objectOf(wire.raw), { id, origin_id, origin_slot, target_id, target_slot, type, parentId });
}

export function writeExtensions(room: Room, before: Room): readonly Json[] {
  const kept = listOf(objectOf(room.raw.extra).linkExtensions);
  const written = new Map<string, Json>();
  for (const wire of room.wires.values()) {
    if (wire.reroute) written.set(wire.id, { id: idOf(wire.id), parentId: idOf(wire.reroute) });
  }
  const idOfLive = (entry: Json) => {
    const id = String(objectOf(entry).id);
    return before.wires.has(id) ? id : null;
  };
  return keepOrder(kept, idOfLive, written);
}

export function writeReroutes(room: Room, before: Room): readonly Json[] {
  const passing = passages(room);
  const passed = passages(before);
  const kept = new Map(reroutesOf(room.raw).map((entry) => [String(entry.id), entry]));
  return keepOrder(
    [...kept.values()],
    (entry) => String(objectOf(entry).id),
    new Map(
      [...room.reroutes].map(([id, reroute]) => [
        id,
        writeReroute(reroute, kept.get(id) ?? {}, passing.get(id) ?? [], passed.get(id) ?? []),
      ]),
    ),
  );
}

function writeReroute(
  reroute: Reroute,
  entry: JsonObject,
  wires: readonly string[],
  earlier: readonly string[],
): JsonObject {
  const parent = entry.parentId == null ? "" : String(entry.parentId);
  const isThere = entry.pos !== undefined && same(readPair(entry.pos, [0, 0]), reroute.pos);
  const isAsRead = entry.id !== undefined && sameIds(earlier, wires);
  return overlay(entry, {
    id: entry.id ?? idOf(reroute.id),
    parentId: parent === reroute.parent ? undefined : reroute.parent === "" ? REMOVED : idOf(reroute.parent),
    pos: isThere ? undefined : [...reroute.pos],
    linkIds: isAsRead ? undefined : wires.map(idOf),
  });
}

export function writeInput(
  input: Input,
  wire: Wire | undefined,
  earlier: readonly string[] | null,
): JsonObject {
  const { raw } = input;
  // what a document says of a wire that is not there is kept while nothing is done to it
  const isAsRead = earlier !== null && sameIds(earlier, wire ? [wire.id] : []);
  return overlay(raw, {
    ...writeSocket(input),
    widget:
      isObject(raw.widget) === (input.widget !== "")
        ? undefined
        : input.widget
          ? { name: input.widget }
          : REMOVED,
    link: isAsRead ? undefined : wire ? idOf(wire.id) : null,
  });
}

export function writeOutput(
  output: Output,
  wires: readonly Wire[],
  earlier: readonly string[] | null,
): JsonObject {
  const ids = wires.map((wire) => wire.id);
  const isAsRead = earlier !== null && sameIds(earlier, ids);
  return overlay(output.raw, { ...writeSocket(output), links: isAsRead ? undefined : ids.map(idOf) });
}

export function writeRoomPort(
  port: RoomPort,
  ids: readonly string[],
  earlier: readonly string[] | null,
): JsonObject {
  const isAsRead = earlier !== null && sameIds(earlier, ids);
  const linkIds = isAsRead ? undefined : ids.map(idOf);
  return overlay(port.raw, {
    id: port.id === textOf(port.raw.id) ? undefined : port.id,
    ...writeSocket(port),
    linkIds,
  });
}

function writeSocket({ name, type, label, raw }: Input | Output | RoomPort): Changes {
  return {
    name: !isNew(raw) && textOf(raw.name) === name ? undefined : name,
    type: !isNew(raw) && typeOf(raw.type) === type ? undefined : type,
    label: label === textOf(raw.label) ? undefined : label || REMOVED,
  };
}

/** The wires that a socket had when it was read; null for one that was not read here. */
export function earlierWires(
  sockets: readonly { readonly raw: JsonObject }[] | undefined,
  raw: JsonObject,
  wires: (slot: number) => readonly Wire[],
): readonly string[] | null {
  const slot = sockets?.findIndex((socket) => socket.raw === raw) ?? -1;
  return slot < 0 ? null : wires(slot).map((wire) => wire.id);
}

function sameIds(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((id) => other.includes(id));
}

/** Whether a socket was not read from a document. */
function isNew(raw: JsonObject): boolean {
  return raw.name === undefined && raw.type === undefined;
}
