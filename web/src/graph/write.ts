/** From a document as it is edited to the JSON that graph editors open; what was not changed is as it was read. */

import { isObject, type Json, type JsonObject, listOf, objectOf, same } from "./json";
import { type Changes, idOf, keepList, keepOrder, overlay, REMOVED } from "./overlay";
import { promotedPorts, promotions, withOtherControls, writePromoted } from "./promote";
import {
  hasListedWires,
  isNodeEntry,
  readBox,
  readNode,
  readRoom,
  reroutesOf,
  UNNUMBERED,
  waypointsOf,
} from "./read";
import { largest, type Wiring, wireInto, wiresOutOf, wiring } from "./room";
import { isGroupNode, valuePorts } from "./specs";
import {
  type Catalog,
  type Definition,
  type Doc,
  type DocNode,
  type Group,
  INPUTS,
  OUTPUTS,
  type Room,
  type Wire,
} from "./types";
import { writeValues } from "./widgets";
import {
  earlierWires,
  writeExtensions,
  writeInput,
  writeOutput,
  writeReroutes,
  writeRoomPort,
  writeWires,
} from "./writeWires";

const MODES = { always: 0, muted: 2, bypassed: 4 } as const;

/** A document as JSON, in the version it was read in. */
export function writeDoc(doc: Doc, catalog: Catalog): JsonObject {
  const types = new Set([...typesOf(doc.raw), ...doc.subgraphs.keys()]);
  const root = writeRoom(doc.root, doc, catalog, types, doc.extra);
  const written = [...doc.subgraphs.values()].map((definition) =>
    writeDefinition(definition, doc, catalog, types),
  );
  const before = objectOf(doc.raw.definitions);
  if (written.length === 0 && before.subgraphs === undefined) return root;
  return { ...root, definitions: { ...before, subgraphs: written } };
}

export function writeDefinition(
  definition: Definition,
  doc: Doc,
  catalog: Catalog,
  types: ReadonlySet<string>,
): JsonObject {
  const { room, raw } = definition;
  const then = roomBefore(room.raw, catalog, types);
  const [inputsThen, outputsThen] = [rawsOf(room.raw.inputs), rawsOf(room.raw.outputs)];
  return overlay(writeRoom(room, doc, catalog, types), {
    id: definition.id,
    name: definition.name,
    inputNode:
      same(readBox(objectOf(raw.inputNode).bounding), definition.inputBox) && raw.inputNode
        ? raw.inputNode
        : { id: Number(INPUTS), ...objectOf(raw.inputNode), bounding: [...definition.inputBox] },
    outputNode:
      same(readBox(objectOf(raw.outputNode).bounding), definition.outputBox) && raw.outputNode
        ? raw.outputNode
        : { id: Number(OUTPUTS), ...objectOf(raw.outputNode), bounding: [...definition.outputBox] },
    inputs: definition.inputs.map((port, place) =>
      writeRoomPort(
        port,
        wiresOutOf(room, INPUTS, place).map((wire) => wire.id),
        earlierWires(inputsThen, port.raw, (at) => wiresOutOf(then, INPUTS, at)),
      ),
    ),
    outputs: definition.outputs.map((port, place) =>
      writeRoomPort(
        port,
        wiresInto(room, OUTPUTS, place).map((wire) => wire.id),
        earlierWires(outputsThen, port.raw, (at) => wiresInto(then, OUTPUTS, at)),
      ),
    ),
  });
}

function rawsOf(list: Json | undefined): readonly { readonly raw: JsonObject }[] {
  return listOf(list)
    .filter(isObject)
    .map((raw) => ({ raw }));
}

function wiresInto(room: Room, id: string, slot: number): readonly Wire[] {
  const wire = wireInto(room, id, slot);
  return wire ? [wire] : [];
}

interface WrittenNode {
  readonly json: JsonObject;
  readonly catalog: Catalog;
  /** Where the node stands for one, as it shows widgets of these; else null. */
  readonly subgraphs: Doc["subgraphs"] | null;
}

const writtenNodes = new WeakMap<Wiring, WeakMap<DocNode, WrittenNode>>();

/** A node as JSON, with the wires it has in its room. Made once while neither changes, since documents are saved often. */
function writeNode(
  node: DocNode,
  room: Room,
  doc: Doc,
  catalog: Catalog,
  types: ReadonlySet<string>,
): JsonObject {
  const wires = wiring(room);
  const known = writtenNodes.get(wires) ?? new WeakMap<DocNode, WrittenNode>();
  writtenNodes.set(wires, known);
  const subgraphs = types.has(node.type) ? doc.subgraphs : null;
  const before = known.get(node);
  if (before?.catalog === catalog && before.subgraphs === subgraphs) return before.json;
  const json = newlyWritten(node, room, doc, catalog, types);
  known.set(node, { json, catalog, subgraphs });
  return json;
}

function newlyWritten(
  node: DocNode,
  room: Room,
  doc: Doc,
  catalog: Catalog,
  types: ReadonlySet<string>,
): JsonObject {
  const { raw } = node;
  const before = raw.id === undefined ? null : readNode(raw, catalog, types);
  const roomThen = roomBefore(room.raw, catalog, types);
  const then = roomThen.nodes.get(node.id);
  const inputs = node.inputs.map((input, slot) =>
    writeInput(
      input,
      wiring(room).into.get(node.id)?.get(slot),
      earlierWires(then?.inputs, input.raw, (at) => wiresInto(roomThen, node.id, at)),
    ),
  );
  const outputs = node.outputs.map((output, slot) =>
    writeOutput(
      output,
      wiresOutOf(room, node.id, slot),
      earlierWires(then?.outputs, output.raw, (at) => wiresOutOf(roomThen, node.id, at)),
    ),
  );
  const changes: Record<string, Json | undefined> = {
    inputs: raw.inputs === undefined && inputs.length === 0 ? undefined : keepList(raw.inputs, inputs),
    outputs: raw.outputs === undefined && outputs.length === 0 ? undefined : keepList(raw.outputs, outputs),
  };
  const put = (name: string, is: unknown, was: unknown, value: Json | undefined) => {
    if (!same(is, was)) changes[name] = value;
  };
  if (!before || before.id !== node.id) changes.id = idOf(node.id);
  put("type", node.type, before?.type, node.type);
  put("title", node.title, before?.title ?? "", node.title || REMOVED);
  put("pos", node.pos, before?.pos, [...node.pos]);
  put("size", node.size, before?.size, [...node.size]);
  put("mode", node.mode, before?.mode, MODES[node.mode]);
  put("color", node.color, before?.color ?? "", node.color || REMOVED);
  put("bgcolor", node.bgcolor, before?.bgcolor ?? "", node.bgcolor || REMOVED);
  if (!before || node.collapsed !== before.collapsed || node.pinned !== before.pinned) {
    changes.flags = flagsOf(objectOf(raw.flags), { collapsed: node.collapsed, pinned: node.pinned });
  }
  const properties = types.has(node.type) ? withOtherControls(node) : node.properties;
  put("properties", properties, before?.properties, properties);
  const isChanged =
    !before ||
    !same(node.values, before.values) ||
    !same(node.controls, before.controls) ||
    !same(promotions(node.properties), promotions(before.properties));
  if (isChanged && !isGroupNode(node.type)) {
    changes.widgets_values = writtenValues(node, before, doc, catalog, types.has(node.type));
  }
  return overlay(raw, changes);
}

function writtenValues(
  node: DocNode,
  before: DocNode | null,
  doc: Doc,
  catalog: Catalog,
  isSubgraph: boolean,
): Json {
  const promoted = isSubgraph ? promotions(node.properties) : null;
  if (promoted) return writePromoted(promoted, node, promotedPorts(doc, catalog, node));
  const ports = valuePorts(catalog, node.type, node.inputs);
  const earlier = before ? valuePorts(catalog, before.type, before.inputs) : ports;
  return writeValues(earlier, ports, node.raw.widgets_values, node, catalog.has(node.type));
}

function writeRoom(
  room: Room,
  doc: Doc,
  catalog: Catalog,
  types: ReadonlySet<string>,
  extra?: JsonObject,
): JsonObject {
  const { raw } = room;
  const isListed = hasListedWires(raw);
  const before = roomBefore(raw, catalog, types);
  const isMoved =
    before.nodes.size !== room.nodes.size || [...room.nodes.keys()].some((id) => !before.nodes.has(id));
  const written = new Map(
    [...room.nodes].map(([id, node]) => [id, writeNode(node, room, doc, catalog, types)]),
  );
  const nodes = keepOrder(
    listOf(raw.nodes),
    (entry) => (isNodeEntry(entry) ? String(entry.id) : null),
    written,
  );
  const changes: Record<string, Json | undefined> = {
    nodes: isMoved
      ? nodes.map((node, order) => (isObject(node) && node.order === undefined ? { ...node, order } : node))
      : nodes,
    links: writeWires(room, before, isListed),
    groups: raw.groups === undefined && room.groups.size === 0 ? undefined : writeGroups(room),
  };
  const reroutes = writeReroutes(room, before);
  const hadReroutes = reroutesOf(raw).length > 0;
  let rest = extra ?? objectOf(raw.extra);
  if (isListed) {
    const extensions = writeExtensions(room, before);
    rest = withList(
      withList(rest, "reroutes", reroutes, hadReroutes),
      "linkExtensions",
      extensions,
      waypointsOf(raw).size > 0,
    );
  } else if (reroutes.length > 0 || hadReroutes) {
    changes.reroutes = reroutes;
  }
  if (!same(rest, objectOf(raw.extra))) changes.extra = rest;
  return overlay(raw, { ...changes, ...counters(room, before) });
}

/** The numbers of the last node, wire, group and waypoint, where there are newer ones than when it was read. */
function counters(room: Room, before: Room): Changes {
  const { raw } = room;
  const grown = (kind: "nodes" | "wires" | "groups" | "reroutes", counted: Json | undefined) => {
    const most = largest(room[kind]);
    return typeof counted === "number" && most > counted && most > largest(before[kind]) ? most : undefined;
  };
  const state = objectOf(raw.state);
  const counted = overlay(state, {
    lastNodeId: grown("nodes", state.lastNodeId),
    lastLinkId: grown("wires", state.lastLinkId),
    lastGroupId: grown("groups", state.lastGroupId),
    lastRerouteId: grown("reroutes", state.lastRerouteId),
  });
  return {
    last_node_id: grown("nodes", raw.last_node_id),
    last_link_id: grown("wires", raw.last_link_id),
    state: counted === state ? undefined : counted,
  };
}

function writeGroups(room: Room): readonly Json[] {
  return [...room.groups.values()].map(writeGroup);
}

function writeGroup(group: Group): JsonObject {
  const { raw } = group;
  const isNew = raw.bounding === undefined;
  return overlay(raw, {
    id: group.id.startsWith(UNNUMBERED) ? undefined : idOf(group.id),
    title: group.title === raw.title ? undefined : group.title,
    bounding:
      same(raw.bounding, group.box) || (!isNew && sameBox(raw.bounding, group.box))
        ? undefined
        : [...group.box],
    color: group.color === (raw.color ?? "") ? undefined : group.color || REMOVED,
    flags: isNew && raw.flags === undefined ? {} : undefined,
  });
}

function sameBox(value: Json | undefined, box: readonly number[]): boolean {
  return isObject(value) && box.every((part, place) => value[String(place)] === part);
}

function withList(extra: JsonObject, name: string, list: readonly Json[], had: boolean): JsonObject {
  return list.length === 0 && !had ? extra : { ...extra, [name]: list };
}

function flagsOf(raw: JsonObject, flags: Readonly<Record<string, boolean>>): JsonObject {
  const made: Record<string, Json | undefined> = { ...raw };
  for (const [name, value] of Object.entries(flags)) {
    if (value) made[name] = true;
    else if (raw[name] === true) delete made[name];
  }
  return made;
}

function typesOf(raw: JsonObject): readonly string[] {
  return listOf(objectOf(raw.definitions).subgraphs).map((entry) => String(objectOf(entry).id));
}

const befores = new WeakMap<JsonObject, { readonly catalog: Catalog; readonly room: Room }>();

/** A room as it was read; made again only for another catalog. */
function roomBefore(raw: JsonObject, catalog: Catalog, types: ReadonlySet<string>): Room {
  const known = befores.get(raw);
  if (known?.catalog === catalog) return known.room;
  const room = readRoom(raw, catalog, types);
  befores.set(raw, { catalog, room });
  return room;
}
