/** Changes of nodes: pure functions from a document to a changed one, in the room that a path leads to. */

import type { Json, JsonObject } from "./json";
import { innerWidget, OWN, promotion, withPromotions } from "./promote";
import { changeNode, changeNodes, changeRoom, freeNodeId, roomAt, roomsOf, without } from "./room";
import { ROW, usualSize } from "./size";
import { isNote, portAt, portsOf, VIRTUAL } from "./specs";
import type {
  Catalog,
  Control,
  Definition,
  Doc,
  DocNode,
  Input,
  Mode,
  NodeSpec,
  Output,
  Path,
  Point,
  Port,
  Size,
} from "./types";
import { hasControl, isSeed, usual, widgetsOf } from "./widgets";
import { afterWires, dropWires } from "./wires";

export interface NewNode {
  readonly type: string;
  readonly pos: Point;
  readonly title?: string;
  readonly size?: Size;
  /** Of widgets; the others have what is usual. */
  readonly values?: Readonly<Record<string, Json>>;
}

/**
 * Add a node. Files of folders (`files` of `GET /api/v1/nodes`) say what its menus begin with.
 *
 * A type that neither the catalog nor the document knows gives a node without sockets.
 */
export function addNode(
  doc: Doc,
  path: Path,
  catalog: Catalog,
  wish: NewNode,
  files: Readonly<Record<string, readonly string[]>> = {},
): { readonly doc: Doc; readonly id: string } {
  const id = String(freeNodeId(doc));
  const definition = doc.subgraphs.get(wish.type);
  const spec = catalog.get(wish.type) ?? VIRTUAL.get(wish.type);
  const blank = blankNode(id, wish);
  const node = spec
    ? madeNode(blank, spec, wish, files)
    : definition
      ? standingFor(doc, catalog, blank, definition)
      : blank;
  const changed = changeRoom(doc, path, (room) => ({ ...room, nodes: new Map(room.nodes).set(id, node) }));
  return { doc: changed, id };
}

/** Take nodes out, with their wires, and the subgraphs that only they stood for. */
export function removeNodes(doc: Doc, path: Path, catalog: Catalog, ids: Iterable<string>): Doc {
  const gone = new Set(ids);
  const types = [...gone].flatMap((id) => roomAt(doc, path)?.nodes.get(id)?.type ?? []);
  return withoutUnused(dropNodes(doc, path, catalog, gone), types);
}

/** The same, with all subgraphs kept. */
export function dropNodes(doc: Doc, path: Path, catalog: Catalog, gone: ReadonlySet<string>): Doc {
  const changed = changeRoom(doc, path, (room) => {
    const ends = [...room.wires.values()].filter((wire) => gone.has(wire.from) || gone.has(wire.to));
    const left = without(room.nodes, gone);
    return left === room.nodes ? room : { ...dropWires(room, ends), nodes: left };
  });
  return changed === doc ? doc : afterWires(changed, path, catalog);
}

/** Put nodes at places. Pinned ones stay where they are. */
export function moveNodes(doc: Doc, path: Path, places: ReadonlyMap<string, Point>): Doc {
  return changeNodes(doc, path, places.keys(), (node) => {
    const pos = places.get(node.id);
    return !pos || node.pinned || isAt(node.pos, pos) ? node : { ...node, pos };
  });
}

export function resizeNode(doc: Doc, path: Path, id: string, size: Size, pos?: Point): Doc {
  return changeNode(doc, path, id, (node) =>
    isAt(node.size, size) && (!pos || isAt(node.pos, pos)) ? node : { ...node, size, pos: pos ?? node.pos },
  );
}

/** Set a widget by its name (`Port.name`). */
export function setValue(doc: Doc, path: Path, id: string, widget: string, value: Json): Doc {
  return changeNode(doc, path, id, (node) =>
    node.values[widget] === value ? node : { ...node, values: { ...node.values, [widget]: value } },
  );
}

/** Say what becomes of a widget's value between runs. */
export function setControl(doc: Doc, path: Path, id: string, widget: string, control: Control): Doc {
  return changeNode(doc, path, id, (node) =>
    node.controls[widget] === control ? node : { ...node, controls: { ...node.controls, [widget]: control } },
  );
}

export function setMode(doc: Doc, path: Path, ids: Iterable<string>, mode: Mode): Doc {
  return setFields(doc, path, ids, { mode });
}

export function setTitle(doc: Doc, path: Path, id: string, title: string): Doc {
  return setFields(doc, path, [id], { title });
}

/** Colours of title bar and body; empty texts for the usual ones. */
export function setColor(doc: Doc, path: Path, ids: Iterable<string>, color: string, bgcolor: string): Doc {
  return setFields(doc, path, ids, { color, bgcolor });
}

export function collapse(doc: Doc, path: Path, ids: Iterable<string>, collapsed: boolean): Doc {
  return setFields(doc, path, ids, { collapsed });
}

export function pin(doc: Doc, path: Path, ids: Iterable<string>, pinned: boolean): Doc {
  return setFields(doc, path, ids, { pinned });
}

export function setProperty(doc: Doc, path: Path, id: string, name: string, value: Json): Doc {
  return changeNode(doc, path, id, (node) => ({
    ...node,
    properties: { ...node.properties, [name]: value },
  }));
}

/** Give a widget a socket, to which a wire can go; drawing a wire to the widget does so by itself. */
export function widgetToInput(doc: Doc, path: Path, catalog: Catalog, id: string, key: string): Doc {
  return changeNode(doc, path, id, (node) => withInput(doc, catalog, node, key)?.node ?? node);
}

/** Take the socket of a widget away again; one that is linked stays. */
export function inputToWidget(doc: Doc, path: Path, catalog: Catalog, id: string, key: string): Doc {
  return changeRoom(doc, path, (room) => {
    const node = room.nodes.get(id);
    const port = node && portAt(doc, catalog, node, key);
    if (!node || !port?.isWidget || port.slot === null) return room;
    const slot = port.slot;
    const wires = [...room.wires.values()].filter((wire) => wire.to === id);
    if (wires.some((wire) => wire.input === slot)) return room;
    const moved = wires
      .filter((wire) => wire.input > slot)
      .map((wire) => [wire.id, { ...wire, input: wire.input - 1 }] as const);
    const inputs = node.inputs.filter((_, place) => place !== slot);
    const nodes = new Map(room.nodes).set(id, { ...node, inputs });
    return { ...room, nodes, wires: moved.length > 0 ? new Map([...room.wires, ...moved]) : room.wires };
  });
}

/** A node that lists the input with a key, and the input's number; null where it has no such input. */
export function withInput(
  doc: Doc,
  catalog: Catalog,
  node: DocNode,
  key: string,
): { readonly node: DocNode; readonly slot: number } | null {
  const port = portAt(doc, catalog, node, key);
  if (!port) return null;
  if (port.slot !== null) return { node, slot: port.slot };
  return { node: { ...node, inputs: [...node.inputs, newInput(port)] }, slot: node.inputs.length };
}

export function setExtra(doc: Doc, extra: JsonObject): Doc {
  return extra === doc.extra ? doc : { ...doc, extra };
}

/** The document without the subgraphs of some types that no node stands for any more, and without those inside them. */
export function withoutUnused(doc: Doc, types: Iterable<string>): Doc {
  const waiting = new Set([...types].filter((type) => doc.subgraphs.has(type)));
  let changed = doc;
  for (const type of waiting) {
    if (roomsOf(changed).some((room) => [...room.nodes.values()].some((node) => node.type === type)))
      continue;
    const inside = changed.subgraphs.get(type)?.room.nodes.values() ?? [];
    changed = { ...changed, subgraphs: without(changed.subgraphs, new Set([type])) };
    for (const node of inside) if (changed.subgraphs.has(node.type)) waiting.add(node.type);
  }
  return changed;
}

/** A node that stands for a subgraph of a document, with its sockets; those of widgets inside are widgets as well. */
export function standingFor(doc: Doc, catalog: Catalog, node: DocNode, definition: Definition): DocNode {
  const inputs = definition.inputs.map(({ name, type, label }): Input => {
    const isWidget = innerWidget(doc, catalog, definition, promotion(OWN, name)) !== null;
    return { name, type, widget: isWidget ? name : "", label, raw: {} };
  });
  const outputs = definition.outputs.map(({ name, type, label }): Output => ({ name, type, label, raw: {} }));
  const widgets = inputs.filter((input) => input.widget).map((input) => promotion(OWN, input.name));
  const rows = Math.max(inputs.length - widgets.length, outputs.length) + widgets.length;
  return {
    ...node,
    inputs,
    outputs,
    size: [Math.max(node.size[0], SUBGRAPH_WIDTH), Math.max(60, rows * ROW + 20)],
    properties: withPromotions(node.properties, widgets),
  };
}

export function blankNode(id: string, { type, pos, title = "", size }: NewNode): DocNode {
  return {
    id,
    type,
    title,
    pos,
    size: size ?? [220, 100],
    mode: "always",
    collapsed: false,
    pinned: false,
    color: "",
    bgcolor: "",
    inputs: [],
    outputs: [],
    values: {},
    controls: {},
    properties: {},
    raw: {},
  };
}

const SUBGRAPH_WIDTH = 240;
const NOTE_COLORS = { color: "#432", bgcolor: "#653" };
const NOTE_SIZE: Size = [260, 140];
const REROUTE_SIZE: Size = [75, 26];

function madeNode(
  blank: DocNode,
  spec: NodeSpec,
  wish: NewNode,
  files: Readonly<Record<string, readonly string[]>>,
): DocNode {
  const widgets = widgetsOf(spec);
  const values = Object.fromEntries(
    widgets.map((port) => [port.name, usual(port, files[port.folder ?? ""])]),
  );
  const controls = Object.fromEntries(
    // a number that is no seed would soon be none that its node can take
    widgets
      .filter(hasControl)
      .map((port) => [port.name, isSeed(port) ? ("randomize" as const) : ("fixed" as const)]),
  );
  const ports = portsOf(NO_DOC, new Map([[spec.class_type, spec]]), blank);
  const isVirtual = VIRTUAL.get(spec.class_type) === spec;
  const note = isNote(blank);
  const size = note ? NOTE_SIZE : isVirtual && spec.inputs.length > 0 ? REROUTE_SIZE : usualSize(spec);
  return {
    ...blank,
    size: wish.size ?? size,
    ...(note ? NOTE_COLORS : {}),
    inputs: ports.inputs.map(newInput),
    outputs: ports.outputs.map(({ name, type }): Output => ({ name, type, label: "", raw: {} })),
    values: { ...withoutNull(values), ...wish.values },
    controls,
    properties: isVirtual ? {} : { "Node name for S&R": spec.class_type },
  };
}

const NO_DOC: Doc = {
  root: { nodes: new Map(), wires: new Map(), groups: new Map(), reroutes: new Map(), raw: {} },
  subgraphs: new Map(),
  extra: {},
  raw: {},
};

function newInput(port: Port): Input {
  const optional = !port.isWidget && !port.required && port.spec !== null;
  return {
    name: port.name,
    type: port.type,
    widget: port.isWidget ? port.name : "",
    label: "",
    raw: optional ? { shape: OPTIONAL_SHAPE } : {},
  };
}

const OPTIONAL_SHAPE = 7; // a hollow socket

function setFields(doc: Doc, path: Path, ids: Iterable<string>, fields: Partial<DocNode>): Doc {
  const entries = Object.entries(fields);
  return changeNodes(doc, path, ids, (node) =>
    entries.every(([name, value]) => Reflect.get(node, name) === value) ? node : { ...node, ...fields },
  );
}

function isAt(one: readonly [number, number], other: readonly [number, number]): boolean {
  return one[0] === other[0] && one[1] === other[1];
}

function withoutNull(values: Readonly<Record<string, Json>>): Readonly<Record<string, Json>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}
