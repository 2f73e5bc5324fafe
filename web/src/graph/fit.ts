/** What fits what: sockets of wires, and nodes that a wire could go on with. */

import { closesCircle } from "./circles";
import { definitionAt, roomAt, wireInto, wiresOutOf, wiring } from "./room";
import { PRIMITIVE, portAt, portsOf, REROUTE, VIRTUAL } from "./specs";
import {
  type Catalog,
  type Doc,
  type DocNode,
  INPUTS,
  type InputSpec,
  type NodeSpec,
  OUTPUTS,
  type Path,
  type Refusal,
  type Room,
} from "./types";
import { isRequired, isWidget } from "./widgets";

const ANY = "*";

/** Whether an output of type `given` fits an input of type `wanted`. */
export function accepts(wanted: string, given: string): boolean {
  if (wanted === given || wanted === ANY || given === ANY) return true;
  const types = new Set(given.split(","));
  return wanted.split(",").some((type) => types.has(type));
}

/** A wire that is to be: from an output to an input by its key. */
export interface WireEnds {
  readonly from: string;
  /** Number of the output. In a subgraph and from `INPUTS`, -1 stands for a new input of it. */
  readonly output: number;
  readonly to: string;
  /** Key of the input. In a subgraph and to `OUTPUTS`, the number of the output as text, or "" for a new one. */
  readonly input: string;
}

/** Why two ends cannot be linked; null where they can. */
export function whyNot(doc: Doc, path: Path, catalog: Catalog, ends: WireEnds): Refusal | null {
  const room = roomAt(doc, path);
  if (!room || !isThere(doc, path, catalog, room, ends)) return { key: "missing", params: {} };
  if (ends.from === ends.to) return { key: "self", params: {} };
  const given = givenType(doc, path, catalog, ends.from, ends.output);
  const wanted = wantedTypes(doc, path, catalog, ends.to, ends.input);
  const unfit = wanted.find((type) => !accepts(type, given));
  if (unfit !== undefined) return { key: "types", params: { given, wanted: unfit } };
  const target = room.nodes.get(ends.to);
  const slot = target ? (portAt(doc, catalog, target, ends.input)?.slot ?? null) : null;
  const isCircle = closesCircle(doc, room, ends.from, ends.output, ends.to, slot);
  return isCircle ? { key: "cycle", params: {} } : null;
}

/** Type of what an output gives; reroutes give what they get. */
export function givenType(doc: Doc, path: Path, catalog: Catalog, from: string, output: number): string {
  const room = roomAt(doc, path);
  const passed = new Set<string>();
  let [id, slot] = [from, output];
  while (room) {
    if (id === INPUTS) return definitionAt(doc, path)?.inputs[slot]?.type ?? ANY;
    const node = room.nodes.get(id);
    if (!node) return ANY;
    if (!isReroute(catalog, node)) return portsOf(doc, catalog, node).outputs[slot]?.type ?? ANY;
    const wire = passed.has(id) ? null : wireInto(room, id, 0);
    if (!wire) return ANY;
    passed.add(id);
    [id, slot] = [wire.from, wire.output];
  }
  return ANY;
}

/** Types that an input wants: several behind a reroute, which asks for all that what comes after it asks for. */
export function wantedTypes(
  doc: Doc,
  path: Path,
  catalog: Catalog,
  to: string,
  input: string,
): readonly string[] {
  const room = roomAt(doc, path);
  const found: string[] = [];
  const waiting: { readonly to: string; readonly input: string | number }[] = [{ to, input }];
  const passed = new Set<string>();
  for (const end of waiting) {
    if (end.to === OUTPUTS) {
      found.push(end.input === "" ? ANY : (definitionAt(doc, path)?.outputs[Number(end.input)]?.type ?? ANY));
      continue;
    }
    const node = room?.nodes.get(end.to);
    if (!room || !node) continue;
    if (!isReroute(catalog, node)) found.push(wantedType(doc, catalog, node, end.input));
    else if (!passed.has(node.id)) {
      passed.add(node.id);
      waiting.push(...wiresOutOf(room, node.id, 0).map((wire) => ({ to: wire.to, input: wire.input })));
    }
  }
  return found;
}

function wantedType(doc: Doc, catalog: Catalog, node: DocNode, input: string | number): string {
  const ports = portsOf(doc, catalog, node);
  const every = [...ports.inputs, ...ports.widgets];
  const port = every.find((one) => (typeof input === "number" ? one.slot === input : one.key === input));
  return port?.spec?.any_link ? ANY : (port?.type ?? ANY);
}

/** Whether what a node gives reaches another, over any number of nodes; what subgraphs hand on is not looked at. */
export function leadsTo(room: Room, start: string, end: string): boolean {
  if (start === OUTPUTS || end === INPUTS) return false;
  const { outOf } = wiring(room);
  const reached = new Set([start]);
  for (const id of reached) {
    if (id === end) return true;
    for (const wire of outOf.get(id) ?? []) reached.add(wire.to);
  }
  return false;
}

/** Whether a node only hands a wire on. */
export function isReroute(catalog: Catalog, node: DocNode): boolean {
  return node.type === REROUTE && !catalog.has(REROUTE);
}

/** Whether a node holds the value of widgets elsewhere. */
export function isPrimitive(catalog: Catalog, node: DocNode): boolean {
  return node.type === PRIMITIVE && !catalog.has(PRIMITIVE);
}

/** A node type that a wire could go on with. */
export interface Candidate {
  readonly spec: NodeSpec;
  /** Name of the input, or number of the output, that the wire fits. */
  readonly port: string | number;
  readonly isExact: boolean;
}

/**
 * Node types that fit a wire dropped on empty space, the likeliest first.
 *
 * `direction` is where the new node stands: it `takes` what comes out of an output, or `gives` what an input wants.
 */
export function candidates(
  catalog: Catalog,
  type: string,
  direction: "takes" | "gives",
): readonly Candidate[] {
  const rated: { readonly candidate: Candidate; readonly rate: number }[] = [];
  for (const spec of catalog.values()) {
    const best = direction === "takes" ? bestInput(spec, type) : bestOutput(spec, type);
    if (!best) continue;
    const rate = best.rate + (spec.deprecated ? 8 : 0) + (spec.experimental ? 1 : 0);
    rated.push({ candidate: { spec, port: best.port, isExact: best.rate < 2 }, rate });
  }
  const reroute = VIRTUAL.get(REROUTE);
  if (reroute && !catalog.has(REROUTE)) {
    rated.push({
      candidate: { spec: reroute, port: direction === "takes" ? "" : 0, isExact: false },
      rate: 7,
    });
  }
  rated.sort((one, other) => one.rate - other.rate || byTitle(one.candidate.spec, other.candidate.spec));
  return rated.map(({ candidate }) => candidate);
}

interface Best<P> {
  readonly port: P;
  readonly rate: number;
}

function bestInput(spec: NodeSpec, type: string): Best<string> | null {
  let best: Best<string> | null = null;
  for (const port of spec.inputs) {
    if (!port.any_link && !accepts(port.type, type)) continue;
    const rate = inputRate(port, type);
    if (!best || rate < best.rate) best = { port: port.name, rate };
  }
  return best;
}

/** 0 for what is made for it, more for what merely takes it. */
function inputRate(port: InputSpec, type: string): number {
  if (port.type !== type && type !== ANY) return 4;
  return (isWidget(port) ? 2 : 0) + (isRequired(port) ? 0 : 1);
}

function bestOutput(spec: NodeSpec, type: string): Best<number> | null {
  let best: Best<number> | null = null;
  for (const [port, output] of spec.outputs.entries()) {
    if (!accepts(type, output.type)) continue;
    const rate = output.type === type ? Math.min(port, 1) : 4;
    if (!best || rate < best.rate) best = { port, rate };
  }
  return best;
}

function byTitle(one: NodeSpec, other: NodeSpec): number {
  return one.title.localeCompare(other.title) || one.class_type.localeCompare(other.class_type);
}

function isThere(
  doc: Doc,
  path: Path,
  catalog: Catalog,
  room: Room,
  { from, output, to, input }: WireEnds,
): boolean {
  const definition = definitionAt(doc, path);
  if (from === INPUTS) {
    if (!definition || output < -1 || output >= definition.inputs.length || to === OUTPUTS) return false;
  } else {
    const node = room.nodes.get(from);
    if (!node || output < 0 || output >= portsOf(doc, catalog, node).outputs.length) return false;
  }
  if (to === OUTPUTS)
    return definition !== null && (input === "" || definition.outputs[Number(input)] !== undefined);
  const node = room.nodes.get(to);
  return node !== undefined && portAt(doc, catalog, node, input) !== null;
}
