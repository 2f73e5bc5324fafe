/** From the JSON of an editor's document to the data it is edited as. Both schema versions are read. */

import { isObject, type Json, type JsonObject, listOf, objectOf, textOf } from "./json";
import { withOwnWidgets } from "./ownWidgets";
import { promotions, readPromoted } from "./promote";
import { valuePorts } from "./specs";
import {
  type Box,
  type Catalog,
  type Definition,
  type Doc,
  type DocNode,
  type Group,
  INPUTS,
  type Input,
  type Mode,
  OUTPUTS,
  type Output,
  type Point,
  type Reroute,
  type Room,
  type RoomPort,
  type Wire,
} from "./types";
import { readValues, type Written } from "./widgets";

const USUAL_SIZE = [220, 100] as const;
const USUAL_BOX = [0, 0, 120, 60] as const;
export const UNNUMBERED = "unnumbered "; // begins what we call groups of files without numbers
export const GROUP_COLOR = "#3f789e";

/** Whether JSON is a graph editor's document, and not a workflow in the API format. */
export function isDocument(json: unknown): json is JsonObject {
  return isObject(json) && Array.isArray(json.nodes);
}

/** Whether JSON is a workflow in the API format: nodes by id. */
export function isApiWorkflow(json: unknown): json is JsonObject {
  if (!isObject(json)) return false;
  const calls = Object.values(json);
  return calls.length > 0 && calls.every((call) => isObject(call) && typeof call.class_type === "string");
}

/** A document for which `isDocument` holds. Wires that lead nowhere are left out, and saved again all the same. */
export function readDoc(given: JsonObject, catalog: Catalog): Doc {
  const json = withOwnWidgets(given);
  const definitions = listOf(objectOf(json.definitions).subgraphs).filter(isObject);
  const types = new Set(definitions.map((entry) => String(entry.id)));
  return {
    root: readRoom(json, catalog, types),
    subgraphs: new Map(definitions.map((entry) => [String(entry.id), readDefinition(entry, catalog, types)])),
    extra: objectOf(json.extra),
    raw: json,
  };
}

/** A document with nothing in it. */
export function emptyDoc(): Doc {
  return readDoc(EMPTY, new Map());
}

const EMPTY: JsonObject = {
  last_node_id: 0,
  last_link_id: 0,
  nodes: [],
  links: [],
  groups: [],
  config: {},
  extra: {},
  version: 0.4,
};

/** A subgraph from its JSON. `types` are the ids of all subgraphs of the document. */
function readDefinition(entry: JsonObject, catalog: Catalog, types: ReadonlySet<string>): Definition {
  return {
    id: String(entry.id),
    name: textOf(entry.name),
    room: readRoom(entry, catalog, types),
    inputs: listOf(entry.inputs).filter(isObject).map(readRoomPort),
    outputs: listOf(entry.outputs).filter(isObject).map(readRoomPort),
    inputBox: readBox(objectOf(entry.inputNode).bounding),
    outputBox: readBox(objectOf(entry.outputNode).bounding),
    raw: entry,
  };
}

export function readRoom(raw: JsonObject, catalog: Catalog, types: ReadonlySet<string>): Room {
  const nodes = new Map<string, DocNode>();
  for (const entry of listOf(raw.nodes)) {
    if (isNodeEntry(entry)) nodes.set(String(entry.id), readNode(entry, catalog, types));
  }
  const groups = listOf(raw.groups).filter(isObject).map(readGroup);
  return {
    nodes,
    wires: readWires(raw, nodes),
    groups: new Map(groups.map((group) => [group.id, group])),
    reroutes: new Map(reroutesOf(raw).map((entry) => [String(entry.id), readReroute(entry)])),
    raw,
  };
}

export function isNodeEntry(entry: unknown): entry is JsonObject {
  return isObject(entry) && typeof entry.type === "string" && ["number", "string"].includes(typeof entry.id);
}

export function readNode(raw: JsonObject, catalog: Catalog, types: ReadonlySet<string>): DocNode {
  const type = textOf(raw.type);
  const flags = objectOf(raw.flags);
  const inputs = listOf(raw.inputs).filter(isObject).map(readInput);
  const properties = objectOf(raw.properties);
  return {
    id: String(raw.id),
    type,
    title: textOf(raw.title),
    pos: readPair(raw.pos, [0, 0]),
    size: readPair(raw.size, USUAL_SIZE),
    mode: readMode(raw.mode),
    collapsed: flags.collapsed === true,
    pinned: flags.pinned === true,
    color: textOf(raw.color),
    bgcolor: textOf(raw.bgcolor),
    inputs,
    outputs: listOf(raw.outputs).filter(isObject).map(readOutput),
    ...valuesOf(raw, catalog, type, inputs, types.has(type) ? properties : {}),
    properties,
    raw,
  };
}

function valuesOf(
  raw: JsonObject,
  catalog: Catalog,
  type: string,
  inputs: readonly Input[],
  properties: JsonObject,
): Written {
  const promoted = promotions(properties);
  return promoted && Array.isArray(raw.widgets_values)
    ? readPromoted(promoted, raw.widgets_values, properties)
    : readValues(valuePorts(catalog, type, inputs), raw.widgets_values);
}

function readInput(raw: JsonObject): Input {
  return {
    name: textOf(raw.name),
    type: typeOf(raw.type),
    widget: isObject(raw.widget) ? textOf(raw.widget.name) || textOf(raw.name) : "",
    label: textOf(raw.label),
    raw,
  };
}

function readOutput(raw: JsonObject): Output {
  return { name: textOf(raw.name), type: typeOf(raw.type), label: textOf(raw.label), raw };
}

/** The entries of a room's waypoints: version 1.0 has a list of them, 0.4 puts them among what is extra. */
export function reroutesOf(raw: JsonObject): readonly JsonObject[] {
  const list = hasListedWires(raw) ? objectOf(raw.extra).reroutes : raw.reroutes;
  return listOf(list ?? raw.reroutes).filter(isObject);
}

/** Whether the wires of a room are lists (0.4) rather than objects (1.0). */
export function hasListedWires(raw: JsonObject): boolean {
  const first = listOf(raw.links).find((link) => link !== null);
  if (first !== undefined) return Array.isArray(first);
  return !(typeof raw.version === "number" && raw.version >= 1);
}

/** A wire as a document has it, be its ends there or not. */
export interface WireEntry {
  readonly id: string;
  readonly from: string;
  readonly output: number;
  readonly to: string;
  readonly slot: number;
  readonly type: string;
  readonly reroute: string;
}

export function readWireEntry(link: Json): WireEntry | null {
  if (Array.isArray(link)) {
    const [id, from, output, to, slot, type] = link;
    return typeof output === "number" && typeof slot === "number"
      ? { id: String(id), from: String(from), output, to: String(to), slot, type: typeOf(type), reroute: "" }
      : null;
  }
  if (!isObject(link)) return null;
  const { id, origin_id, origin_slot, target_id, target_slot, type, parentId } = link;
  return typeof origin_slot === "number" && typeof target_slot === "number"
    ? {
        id: String(id),
        from: String(origin_id),
        output: origin_slot,
        to: String(target_id),
        slot: target_slot,
        type: typeOf(type),
        reroute: parentId == null ? "" : String(parentId),
      }
    : null;
}

/** The last waypoints of the wires of a room of version 0.4. */
export function waypointsOf(raw: JsonObject): ReadonlyMap<string, string> {
  const entries = hasListedWires(raw) ? listOf(objectOf(raw.extra).linkExtensions).filter(isObject) : [];
  return new Map(entries.map((entry) => [String(entry.id), String(entry.parentId)]));
}

function readWires(raw: JsonObject, nodes: ReadonlyMap<string, DocNode>): ReadonlyMap<string, Wire> {
  const wires = new Map<string, Wire>();
  const waypoints = waypointsOf(raw);
  const taken = new Map<string, number>();
  for (const node of nodes.values()) {
    node.inputs.forEach((input, slot) => {
      if (input.raw.link != null) taken.set(`${node.id} ${input.raw.link}`, slot);
    });
  }
  for (const link of listOf(raw.links)) {
    const entry = readWireEntry(link);
    if (!entry || !isOrigin(raw, nodes, entry)) continue;
    // what an input says of its wire is what counts, as for whoever runs the document
    const slot = entry.to === OUTPUTS ? outputSlot(raw, entry) : taken.get(`${entry.to} ${entry.id}`);
    if (slot === undefined) continue;
    const { id, from, output, to, type } = entry;
    wires.set(id, {
      id,
      from,
      output,
      to,
      input: slot,
      type,
      reroute: entry.reroute || (waypoints.get(id) ?? ""),
      raw: link,
    });
  }
  return wires;
}

function isOrigin(
  raw: JsonObject,
  nodes: ReadonlyMap<string, DocNode>,
  { from, output }: WireEntry,
): boolean {
  return from === INPUTS ? output >= 0 && output < listOf(raw.inputs).length : nodes.has(from);
}

function outputSlot(raw: JsonObject, { slot }: WireEntry): number | undefined {
  return slot >= 0 && slot < listOf(raw.outputs).length ? slot : undefined;
}

function readGroup(raw: JsonObject, place: number): Group {
  return {
    id: raw.id == null ? `${UNNUMBERED}${place}` : String(raw.id),
    title: textOf(raw.title),
    box: readBox(raw.bounding, [0, 0, 140, 80]),
    color: textOf(raw.color),
    raw,
  };
}

function readReroute(raw: JsonObject): Reroute {
  const parent = raw.parentId == null ? "" : String(raw.parentId);
  return { id: String(raw.id), pos: readPair(raw.pos, [0, 0]), parent, raw };
}

function readRoomPort(raw: JsonObject): RoomPort {
  return {
    id: textOf(raw.id),
    name: textOf(raw.name),
    type: typeOf(raw.type),
    label: textOf(raw.label),
    raw,
  };
}

function readMode(mode: Json | undefined): Mode {
  if (mode === 2) return "muted";
  return mode === 4 ? "bypassed" : "always";
}

/** Two numbers: a list, or the object that some versions saved in its place. */
export function readPair(value: Json | undefined, usual: Point): Point {
  const [first, second] = Array.isArray(value) ? value : [objectOf(value)["0"], objectOf(value)["1"]];
  return typeof first === "number" && typeof second === "number" ? [first, second] : usual;
}

/** A place and a size, as lists or as the object that some versions saved in their place. */
export function readBox(value: Json | undefined, usual: Box = USUAL_BOX): Box {
  const part = (place: number) => {
    const number = Array.isArray(value) ? value[place] : objectOf(value)[String(place)];
    return typeof number === "number" ? number : (usual[place] ?? 0);
  };
  return [part(0), part(1), part(2), part(3)];
}

/** A type as text; some editors wrote the list of choices in its place. */
export function typeOf(value: Json | undefined): string {
  if (typeof value === "string") return value;
  return typeof value === "number" ? String(value) : Array.isArray(value) ? "COMBO" : "*";
}
