/** Subgraphs: several nodes drawn as one, which can be opened, unpacked, and kept for other documents. */

import { blankNode, standingFor } from "./edit";
import { movedFields } from "./expose";
import { extentOf, fragmentOf } from "./fragment";
import type { JsonObject } from "./json";
import { changeInstances, freeName } from "./ports";
import { type Promotion, promotion, promotions, withPromotions, withPromotionsMoved } from "./promote";
import { emptyDoc } from "./read";
import { changeNode, changeRoom, definitionAt, freeNodeId, freeWireId, roomAt, withDefinition } from "./room";
import { portsOf } from "./specs";
import {
  type Catalog,
  type Definition,
  type Doc,
  type DocNode,
  INPUTS,
  OUTPUTS,
  type Outcome,
  type Path,
  type Room,
  type RoomPort,
  type Wire,
} from "./types";
import { dropWires } from "./wires";
import { writeDoc } from "./write";

const END_WIDTH = 120; // pixels, of the two ends inside
const END_GAP = 80;
const END_ROW = 20;

/**
 * Make one node of several.
 *
 * Wires across the border become its inputs, one for each output that they come from, and its outputs.
 */
export function makeSubgraph(
  doc: Doc,
  path: Path,
  catalog: Catalog,
  ids: Iterable<string>,
  name: string,
  groups: Iterable<string> = [],
): Outcome<{ readonly id: string }> {
  const room = roomAt(doc, path);
  const inner = new Set([...ids].filter((id) => room?.nodes.has(id)));
  if (!room || inner.size === 0) return { doc: null, refused: { key: "empty", params: {} } };
  const id = String(freeNodeId(doc));
  const border = [...room.wires.values()].filter((wire) => inner.has(wire.from) !== inner.has(wire.to));
  const taken = bundles(border.filter((wire) => inner.has(wire.to)));
  const given = bundles(border.filter((wire) => inner.has(wire.from)));
  const part = fragmentOf(room, inner, new Set(groups));
  const inputs = portsFrom(taken, (wire) => room.nodes.get(wire.to)?.inputs[wire.input]);
  const outputs = portsFrom(given, (wire) => {
    const node = room.nodes.get(wire.from);
    return node && portsOf(doc, catalog, node).outputs[wire.output];
  });
  let number = freeWireId({ ...part, wires: new Map([...part.wires, ...room.wires]), raw: room.raw });
  const handed = taken.flatMap((bundle, place) =>
    bundle.map((wire): Wire => ({ ...bare(wire), id: String(number++), from: INPUTS, output: place })),
  );
  const handing = given.flatMap((bundle, place) =>
    bundle
      .slice(0, 1)
      .map((wire): Wire => ({ ...bare(wire), id: String(number++), to: OUTPUTS, input: place })),
  );
  const wires = new Map([...part.wires.values(), ...handed, ...handing].map((wire) => [wire.id, wire]));
  const definition = newDefinition(name, { ...part, wires }, inputs, outputs);
  const outer = withDefinition(doc, definition);
  const [x, y, width, height] = extentOf(part) ?? [0, 0, 0, 0];
  const blank = standingFor(outer, catalog, blankNode(id, { type: definition.id, pos: [0, 0] }), definition);
  const [left, top] = [x + (width - blank.size[0]) / 2, y + (height - blank.size[1]) / 2];
  const made: DocNode = { ...blank, pos: [Math.round(left), Math.round(top)] };
  const changed = changeRoom(outer, path, (before) => {
    const inside = [...before.wires.values()].filter((wire) => inner.has(wire.from) && inner.has(wire.to));
    const rest = dropWires(before, [...inside, ...taken.flatMap((bundle) => bundle.slice(1))]);
    const joined = new Map(rest.wires);
    taken.forEach(([wire], place) => {
      if (wire) joined.set(wire.id, { ...wire, to: id, input: place });
    });
    given.forEach((bundle, place) => {
      for (const wire of bundle) joined.set(wire.id, { ...wire, from: id, output: place });
    });
    const others = new Map([...rest.nodes].filter(([one]) => !inner.has(one)));
    const boxes = new Map([...rest.groups].filter(([one]) => !part.groups.has(one)));
    return { ...rest, nodes: others.set(id, made), wires: joined, groups: boxes };
  });
  const remembered = movedFields(changed, (place) => {
    const at = place[path.length];
    const isHere = at !== undefined && inner.has(at) && path.every((one, depth) => place[depth] === one);
    return isHere ? [...path, id, ...place.slice(path.length)] : place;
  });
  return { doc: deeper(remembered, path, inner, id), refused: null, id };
}

/** Ids of the subgraphs that some node types need, those inside of them included. */
export function neededSubgraphs(doc: Doc, types: Iterable<string>): ReadonlySet<string> {
  const needed = new Set([...types].filter((type) => doc.subgraphs.has(type)));
  for (const type of needed) {
    for (const node of doc.subgraphs.get(type)?.room.nodes.values() ?? []) {
      if (doc.subgraphs.has(node.type)) needed.add(node.type);
    }
  }
  return needed;
}

/** The types of the subgraphs that a path leads through. */
export function typesAlong(doc: Doc, path: Path): readonly string[] {
  return path.flatMap((_, depth) => definitionAt(doc, path.slice(0, depth + 1))?.id ?? []);
}

/**
 * A subgraph as a node to keep: a document with one node that stands for it, which other documents take in by
 * `pasteJson`. Null where the node stands for none.
 */
export function publish(doc: Doc, path: Path, catalog: Catalog, id: string): JsonObject | null {
  const room = roomAt(doc, path);
  const node = room?.nodes.get(id);
  if (!room || !node || !doc.subgraphs.has(node.type)) return null;
  const needed = neededSubgraphs(doc, [node.type]);
  const blank = emptyDoc();
  const alone: Doc = {
    ...blank,
    root: { ...fragmentOf(room, new Set([id])), raw: blank.raw },
    subgraphs: new Map([...doc.subgraphs].filter(([type]) => needed.has(type))),
  };
  return writeDoc(alone, catalog);
}

/** Widgets of nodes now one subgraph deeper, which were shown outside of the subgraph around them: shown still. */
function deeper(doc: Doc, path: Path, moved: ReadonlySet<string>, id: string): Doc {
  const around = definitionAt(doc, path);
  const instance = roomAt(doc, path)?.nodes.get(id);
  if (!around || !instance) return doc;
  const shown = new Map<string, Promotion>();
  const outer = changeInstances(doc, around.id, (node) =>
    withPromotionsMoved(node, (one) => {
      if (!moved.has(one.node)) return one;
      shown.set(one.key, one);
      return promotion(id, one.widget);
    }),
  );
  if (shown.size === 0) return doc;
  const listed = [...(promotions(instance.properties) ?? []), ...shown.values()];
  return changeNode(outer, path, id, (node) => ({
    ...node,
    properties: withPromotions(node.properties, listed),
  }));
}

/** Wires by where they come from. */
function bundles(wires: readonly Wire[]): readonly (readonly Wire[])[] {
  const found = new Map<string, Wire[]>();
  for (const wire of wires) {
    const start = `${wire.from} ${wire.output}`;
    found.set(start, [...(found.get(start) ?? []), wire]);
  }
  return [...found.values()];
}

function portsFrom(
  groups: readonly (readonly Wire[])[],
  socket: (
    wire: Wire,
  ) => { readonly name: string; readonly type: string; readonly label: string } | undefined,
): readonly RoomPort[] {
  const taken: string[] = [];
  return groups.map(([wire]) => {
    const at = wire && socket(wire);
    const type = at && at.type !== "*" ? at.type : (wire?.type ?? "*");
    const name = freeName(at?.name || type, taken);
    taken.push(name);
    return {
      id: crypto.randomUUID(),
      name,
      type,
      label: at && at.label !== at.name ? at.label : "",
      raw: {},
    };
  });
}

function newDefinition(
  name: string,
  room: Room,
  inputs: readonly RoomPort[],
  outputs: readonly RoomPort[],
): Definition {
  const [x, y, width, height] = extentOf(room) ?? [0, 0, 0, 0];
  const middle = y + height / 2;
  const tall = (ports: readonly RoomPort[]) => END_ROW * (ports.length + 2);
  const id = crypto.randomUUID();
  const raw: JsonObject = {
    id,
    version: 1,
    state: { lastGroupId: 0, lastNodeId: 0, lastLinkId: 0, lastRerouteId: 0 },
    revision: 0,
    config: {},
    name,
    inputs: [],
    outputs: [],
    widgets: [],
    nodes: [],
    groups: [],
    links: [],
    extra: {},
  };
  return {
    id,
    name,
    room: { ...room, raw },
    inputs,
    outputs,
    inputBox: [x - END_GAP - END_WIDTH, middle - tall(inputs) / 2, END_WIDTH, tall(inputs)],
    outputBox: [x + width + END_GAP, middle - tall(outputs) / 2, END_WIDTH, tall(outputs)],
    raw,
  };
}

/** A wire without its waypoints. */
export function bare(wire: Wire): Wire {
  return { ...wire, reroute: "", raw: null };
}
