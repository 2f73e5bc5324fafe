/** Copying nodes as text, and putting them in again: in the same document, another tab or another browser. */

import { extentOf, fragmentOf, insertFragment } from "./fragment";
import { formatJson, isObject, type Json, type JsonObject, listOf, parseJson, same, textOf } from "./json";
import { idOf } from "./overlay";
import { isApiWorkflow, isDocument, readDoc } from "./read";
import { roomAt } from "./room";
import { keyOf } from "./specs";
import { neededSubgraphs, typesAlong } from "./subgraph";
import type { Catalog, Definition, Doc, Outcome, Path, Point, Room } from "./types";
import { connect } from "./wires";
import { writeDefinition, writeDoc } from "./write";

const KIND = "safelight/nodes";
const STEP = 30; // pixels, of what is pasted beside its original

export interface Selection {
  readonly nodes: Iterable<string>;
  readonly groups?: Iterable<string>;
}

/** Nodes with the wires among them, groups, and the subgraphs they need, as JSON text. */
export function copy(doc: Doc, path: Path, catalog: Catalog, { nodes, groups = [] }: Selection): string {
  const room = roomAt(doc, path);
  if (!room) return "";
  const ids = new Set(nodes);
  const part = fragmentOf(room, ids, new Set(groups));
  const needed = neededSubgraphs(
    doc,
    [...part.nodes.values()].map((node) => node.type),
  );
  const raw: JsonObject = { kind: KIND, version: 1, nodes: [], links: [], groups: [] };
  const subgraphs = new Map([...doc.subgraphs].filter(([type]) => needed.has(type)));
  const written = writeDoc({ root: { ...part, raw }, subgraphs, extra: {}, raw }, catalog);
  return formatJson({ ...written, handed: handedIn(room, part, ids) }, 1);
}

/** What a text is that somebody pastes. */
export type Pasted =
  | { readonly kind: "nodes" | "document" | "api"; readonly json: JsonObject }
  | { readonly kind: "nothing" };

export function recognise(text: string): Pasted {
  let json: Json;
  try {
    json = parseJson(text);
  } catch {
    return { kind: "nothing" };
  }
  if (isDocument(json)) return { kind: textOf(json.kind) === KIND ? "nodes" : "document", json };
  return isApiWorkflow(json) ? { kind: "api", json } : { kind: "nothing" };
}

export interface PasteOptions {
  /** Where the upper left corner goes; beside the originals where it is not given. */
  readonly at?: Point;
  /** Whether copies get what their originals got, where that is in the same room. */
  readonly withWires?: boolean;
}

interface PastedIds {
  readonly nodes: readonly string[];
  readonly groups: readonly string[];
}

/** Put in what `copy` gave, or the nodes of a whole document. */
export function pasteJson(
  doc: Doc,
  path: Path,
  catalog: Catalog,
  json: JsonObject,
  { at, withWires = false }: PasteOptions = {},
): Outcome<PastedIds> {
  const source = readDoc(json, catalog);
  const along = typesAlong(doc, path);
  if (along.some((type) => source.subgraphs.has(type) && neededHere(source).has(type))) {
    return { doc: null, refused: { key: "inside-itself", params: {} } };
  }
  if (source.root.nodes.size + source.root.groups.size === 0) {
    return { doc: null, refused: { key: "empty", params: {} } };
  }
  const { doc: known, part } = withSubgraphs(doc, source, catalog);
  const corner = extentOf(part);
  const by: Point =
    at && corner ? [Math.round(at[0] - corner[0]), Math.round(at[1] - corner[1])] : [STEP, STEP];
  const placed = insertFragment(known, path, part, besideOthers(roomAt(known, path), part, by));
  let made = placed.doc;
  for (const wire of withWires ? listOf(json.handed).filter(isObject) : []) {
    const to = placed.nodes.get(String(wire.to));
    const ends = {
      from: String(wire.from),
      output: Number(wire.output),
      to: to ?? "",
      input: textOf(wire.input),
    };
    const linked = to === undefined ? null : connect(made, path, catalog, ends);
    if (linked && !linked.refused) made = linked.doc;
  }
  return { doc: made, refused: null, nodes: [...placed.nodes.values()], groups: [...placed.groups.values()] };
}

/** Copies of nodes, beside them. */
export function duplicate(doc: Doc, path: Path, catalog: Catalog, selection: Selection): Outcome<PastedIds> {
  const copied = recognise(copy(doc, path, catalog, selection));
  if (copied.kind === "nothing") return { doc: null, refused: { key: "empty", params: {} } };
  return pasteJson(doc, path, catalog, copied.json, { withWires: true });
}

/** How far a part is moved so that it does not hide what was pasted before. */
function besideOthers(room: Room | null, part: Room, by: Point): Point {
  const taken = new Set([...(room?.nodes.values() ?? [])].map(({ pos }) => pos.join()));
  const hides = ([x, y]: Point) =>
    [...part.nodes.values()].some(({ pos }) => taken.has([pos[0] + x, pos[1] + y].join()));
  let [x, y] = by;
  while (hides([x, y])) [x, y] = [x + STEP, y + STEP];
  return [x, y];
}

/** What the nodes of a part get from outside of it. */
function handedIn(room: Room, part: Room, ids: ReadonlySet<string>): readonly JsonObject[] {
  const wires = [...room.wires.values()].filter((wire) => ids.has(wire.to) && !ids.has(wire.from));
  return wires.map(({ from, output, to, input }) => ({
    from: idOf(from),
    output,
    to: idOf(to),
    input: keyOf(part.nodes.get(to)?.inputs ?? [], input),
  }));
}

function neededHere(source: Doc): ReadonlySet<string> {
  return neededSubgraphs(
    source,
    [...source.root.nodes.values()].map((node) => node.type),
  );
}

/** The document with the subgraphs of another, and that one's nodes. A subgraph that both have and that differs is added anew. */
function withSubgraphs(doc: Doc, source: Doc, catalog: Catalog): { readonly doc: Doc; readonly part: Room } {
  const needed = neededHere(source);
  const types = new Set([...doc.subgraphs.keys(), ...source.subgraphs.keys()]);
  const written = (house: Doc, definition: Definition) => writeDefinition(definition, house, catalog, types);
  const renamed = new Map<string, string>();
  for (const type of needed) {
    const [before, other] = [doc.subgraphs.get(type), source.subgraphs.get(type)];
    if (before && other && !same(written(doc, before), written(source, other)))
      renamed.set(type, crypto.randomUUID());
  }
  const retyped = (room: Room): Room => {
    if (renamed.size === 0) return room;
    const nodes = [...room.nodes].map(
      ([id, node]) => [id, { ...node, type: renamed.get(node.type) ?? node.type }] as const,
    );
    return { ...room, nodes: new Map(nodes) };
  };
  const added = new Map(doc.subgraphs);
  for (const type of needed) {
    const one = source.subgraphs.get(type);
    const id = renamed.get(type) ?? type;
    if (one && !added.has(id)) added.set(id, { ...one, id, room: retyped(one.room) });
  }
  const part = fragmentOf(
    retyped(source.root),
    new Set(source.root.nodes.keys()),
    new Set(source.root.groups.keys()),
  );
  return { doc: added.size === doc.subgraphs.size ? doc : { ...doc, subgraphs: added }, part };
}
