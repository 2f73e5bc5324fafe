/** What a subgraph takes and gives: its inputs and outputs, inside of it and on every node that stands for it. */

import { withInput } from "./edit";
import { givenType } from "./fit";
import {
  innerWidget,
  OWN,
  type Promotion,
  promotion,
  promotions,
  withPromotions,
  withPromotionsMoved,
} from "./promote";
import { changeRooms, definitionAt, freeWireId, nodeAt, withDefinition, withNodes } from "./room";
import { portAt, portsOf } from "./specs";
import {
  type Catalog,
  type Definition,
  type Doc,
  type DocNode,
  INPUTS,
  OUTPUTS,
  type Path,
  type Room,
  type RoomPort,
  type Wire,
} from "./types";
import { dropWires } from "./wires";

export type Side = "inputs" | "outputs";

interface Made {
  readonly doc: Doc;
  /** Number of the input or output. */
  readonly place: number;
}

/** Give a subgraph an input like that of a node inside; it is not linked yet. */
export function addRoomInput(doc: Doc, path: Path, catalog: Catalog, id: string, key: string): Made {
  const node = nodeAt(doc, path, id);
  const port = node && portAt(doc, catalog, node, key);
  const definition = definitionAt(doc, path);
  if (!port || !definition) return { doc, place: -1 };
  return addPort(doc, definition, "inputs", port.name || port.type.toLowerCase(), port.type, port.isWidget);
}

/** Give a subgraph an output like that of a node inside; it is not linked yet. */
export function addRoomOutput(doc: Doc, path: Path, catalog: Catalog, id: string, output: number): Made {
  const node = nodeAt(doc, path, id);
  const port = node ? portsOf(doc, catalog, node).outputs[output] : null;
  const definition = definitionAt(doc, path);
  if (!port || !definition) return { doc, place: -1 };
  const type = givenType(doc, path, catalog, id, output);
  return addPort(doc, definition, "outputs", port.name || type, type, false);
}

/** Take an input or output from a subgraph, with the wires at it inside and outside. */
export function removeRoomPort(doc: Doc, path: Path, side: Side, place: number): Doc {
  const definition = definitionAt(doc, path);
  const port = definition?.[side][place];
  if (!definition || !port) return doc;
  const inside = side === "inputs" ? fromSlot(INPUTS) : toSlot(OUTPUTS);
  const ports = definition[side].filter((_, slot) => slot !== place);
  const room = withoutSlot(definition.room, inside, place);
  const changed = withDefinition(doc, { ...definition, [side]: ports, room });
  return changeRooms(changed, (outer) => {
    let made = outer;
    for (const node of outer.nodes.values()) {
      if (node.type !== definition.id) continue;
      const slot = side === "inputs" ? node.inputs.findIndex((input) => input.name === port.name) : place;
      if (slot < 0) continue;
      made = withoutSlot(made, side === "inputs" ? toSlot(node.id) : fromSlot(node.id), slot);
      made = withNodes(made, [node.id], (one) => withoutPort(one, side, slot, port.name));
    }
    return made;
  });
}

export function renameSubgraph(doc: Doc, path: Path, name: string): Doc {
  const definition = definitionAt(doc, path);
  return definition && definition.name !== name ? withDefinition(doc, { ...definition, name }) : doc;
}

/** Show a widget from inside on the node that stands for the subgraph, or show it no more. */
export function promote(doc: Doc, path: Path, id: string, one: Promotion, shown: boolean): Doc {
  const node = nodeAt(doc, path, id);
  if (!node) return doc;
  const own = node.inputs.filter((input) => input.widget).map((input) => promotion(OWN, input.name));
  const before = promotions(node.properties) ?? own;
  const rest = before.filter(({ key }) => key !== one.key);
  if (rest.length < before.length === shown) return doc;
  return changeInstances(doc, node.type, (instance) => {
    const listed = (promotions(instance.properties) ?? own).filter(({ key }) => key !== one.key);
    const { [one.key]: _, ...values } = instance.values;
    const properties = withPromotions(instance.properties, shown ? [...listed, one] : listed);
    return { ...instance, properties, values: shown ? instance.values : values };
  });
}

/**
 * Make an input of a promoted widget that has none yet, so that a wire can go to it.
 *
 * The document, and the input's key from then on.
 */
export function linkPromoted(
  doc: Doc,
  path: Path,
  catalog: Catalog,
  node: DocNode,
  key: string,
): { readonly doc: Doc; readonly key: string } {
  const definition = doc.subgraphs.get(node.type);
  const one = (promotions(node.properties) ?? []).find((entry) => entry.key === key);
  const inner = definition && one && one.node !== OWN && innerWidget(doc, catalog, definition, one);
  if (!inner) return { doc, key };
  const inside = [...path, node.id];
  const made = addRoomInput(doc, inside, catalog, inner.node.id, inner.port.key);
  const now = definitionAt(made.doc, inside);
  const name = now?.inputs[made.place]?.name;
  const holder = now?.room.nodes.get(inner.node.id);
  const listed = holder && withInput(made.doc, catalog, holder, inner.port.key);
  if (!now || name === undefined || !listed) return { doc, key };
  const wire = String(freeWireId(now.room));
  const entry: Wire = {
    id: wire,
    from: INPUTS,
    output: made.place,
    to: inner.node.id,
    input: listed.slot,
    type: inner.port.type,
    reroute: "",
    raw: null,
  };
  const room: Room = {
    ...now.room,
    nodes: new Map(now.room.nodes).set(inner.node.id, listed.node),
    wires: new Map(now.room.wires).set(wire, entry),
  };
  const linked = withDefinition(made.doc, { ...now, room });
  const changed = changeInstances(linked, node.type, (instance) => renamedPromotion(instance, one, name));
  return { doc: changed, key: name };
}

/** A name that is not among those taken. */
export function freeName(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name;
  let number = 1;
  while (taken.includes(`${name}_${number}`)) number++;
  return `${name}_${number}`;
}

function renamedPromotion(node: DocNode, one: Promotion, name: string): DocNode {
  // the new input has put itself at the end, and now takes the place that its widget had
  const listed = (promotions(node.properties) ?? []).filter((entry) => entry.key !== name);
  const shortened = { ...node, properties: withPromotions(node.properties, listed) };
  return withPromotionsMoved(shortened, (entry) => (entry.key === one.key ? promotion(OWN, name) : entry));
}

function addPort(
  doc: Doc,
  definition: Definition,
  side: Side,
  wished: string,
  type: string,
  isWidget: boolean,
): Made {
  const place = definition[side].length;
  const name = freeName(
    wished,
    definition[side].map((port) => port.name),
  );
  const port: RoomPort = { id: crypto.randomUUID(), name, type, label: "", raw: {} };
  const changed = withDefinition(doc, { ...definition, [side]: [...definition[side], port] });
  const made = changeInstances(changed, definition.id, (node) => {
    if (side === "outputs")
      return { ...node, outputs: [...node.outputs, { name, type, label: "", raw: {} }] };
    const inputs = [...node.inputs, { name, type, widget: isWidget ? name : "", label: "", raw: {} }];
    const listed = promotions(node.properties);
    if (!isWidget || !listed) return { ...node, inputs };
    return {
      ...node,
      inputs,
      properties: withPromotions(node.properties, [...listed, promotion(OWN, name)]),
    };
  });
  return { doc: made, place };
}

/** The document with all nodes changed that stand for a subgraph. */
export function changeInstances(doc: Doc, type: string, change: (node: DocNode) => DocNode): Doc {
  return changeRooms(doc, (room) => {
    const ids = [...room.nodes.values()].filter((node) => node.type === type).map((node) => node.id);
    return ids.length === 0 ? room : withNodes(room, ids, change);
  });
}

/** How the number of a slot is read from a wire and written to it; null for wires elsewhere. */
interface Slot {
  readonly of: (wire: Wire) => number | null;
  readonly at: (wire: Wire, slot: number) => Wire;
}

function fromSlot(id: string): Slot {
  return {
    of: (wire) => (wire.from === id ? wire.output : null),
    at: (wire, output) => ({ ...wire, output }),
  };
}

function toSlot(id: string): Slot {
  return { of: (wire) => (wire.to === id ? wire.input : null), at: (wire, input) => ({ ...wire, input }) };
}

/** A room without the wires at a slot, and with the slots after it one lower. */
function withoutSlot(room: Room, slot: Slot, place: number): Room {
  const gone = [...room.wires.values()].filter((wire) => slot.of(wire) === place);
  const left = dropWires(room, gone);
  let wires: Map<string, Wire> | null = null;
  for (const wire of left.wires.values()) {
    const at = slot.of(wire);
    if (at !== null && at > place) wires = (wires ?? new Map(left.wires)).set(wire.id, slot.at(wire, at - 1));
  }
  return wires ? { ...left, wires } : left;
}

function withoutPort(node: DocNode, side: Side, slot: number, name: string): DocNode {
  if (side === "outputs") return { ...node, outputs: node.outputs.filter((_, place) => place !== slot) };
  const { [name]: _, ...values } = node.values;
  const listed = promotions(node.properties);
  const properties = listed
    ? withPromotions(
        node.properties,
        listed.filter((one) => one.key !== name),
      )
    : node.properties;
  return { ...node, inputs: node.inputs.filter((_, place) => place !== slot), values, properties };
}
