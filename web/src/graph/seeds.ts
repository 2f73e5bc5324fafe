/** Seeds between runs: fixed, counted up or down, or drawn anew. */

import { isPrimitive } from "./fit";
import { Digits, type Json, listOf } from "./json";
import { changeRoom, definitionAt, roomsOf, wireInto } from "./room";
import { portsOf, widgetValue } from "./specs";
import type { Catalog, Control, Doc, DocNode, InputSpec, Path, Port, Room } from "./types";
import { fedBy } from "./wires";

const MOST_DRAWN = Number.MAX_SAFE_INTEGER; // numbers above lose digits in JavaScript

/** The document as it is run next: widgets that change between runs have their next value. `random` is in 0..1. */
export function beforeRun(doc: Doc, catalog: Catalog, random: () => number = Math.random): Doc {
  if (!roomsOf(doc).some(hasSteered)) return doc;
  let changed = inRoom(doc, [], catalog, random);
  const done = new Set<string>();
  const waiting: Path[] = [[]];
  for (const path of waiting) {
    const room = path.length === 0 ? doc.root : definitionAt(doc, path)?.room;
    for (const node of room?.nodes.values() ?? []) {
      if (!doc.subgraphs.has(node.type) || done.has(node.type)) continue; // what is inside is shared by all that stand for it
      done.add(node.type);
      const inside = [...path, node.id];
      changed = inRoom(changed, inside, catalog, random);
      waiting.push(inside);
    }
  }
  return changed;
}

/** A seed drawn at random, within the limits of its widget. */
export function drawnSeed(port: InputSpec | null, random: () => number = Math.random): number {
  const low = Math.max(port?.minimum ?? 0, -MOST_DRAWN);
  const high = Math.min(port?.maximum ?? MOST_DRAWN, MOST_DRAWN);
  return Math.min(high, low + Math.floor(random() * (high - low + 1)));
}

/** What a value becomes by its control. */
export function nextValue(
  value: Json,
  control: Control,
  port: InputSpec | null,
  random: () => number = Math.random,
): Json {
  if (control === "fixed") return value;
  if (port?.choices) return nextChoice(value, control, listOf(port.choices), random);
  if (control === "randomize") return drawnSeed(port, random);
  const by = control === "increment" ? 1 : -1;
  if (value instanceof Digits) return stepped(BigInt(String(value)) + BigInt(by), port);
  if (typeof value !== "number") return value;
  if (!Number.isSafeInteger(value + by) && Number.isInteger(value))
    return stepped(BigInt(value) + BigInt(by), port);
  const next = value + by * (port?.type === "FLOAT" ? (port.step ?? 1) : 1);
  return Math.min(port?.maximum ?? next, Math.max(port?.minimum ?? next, next));
}

function stepped(next: bigint, port: InputSpec | null): Json {
  const limit =
    port?.maximum != null && port.maximum < 2 ** 64 ? BigInt(Math.floor(port.maximum)) : 2n ** 64n - 1n;
  const kept = next > limit ? limit : next;
  return kept > BigInt(MOST_DRAWN) || kept < -BigInt(MOST_DRAWN) ? new Digits(kept.toString()) : Number(kept);
}

function nextChoice(value: Json, control: Control, choices: readonly Json[], random: () => number): Json {
  if (choices.length === 0) return value;
  const at = choices.indexOf(value);
  const step = control === "increment" ? 1 : -1;
  const next =
    control === "randomize"
      ? Math.floor(random() * choices.length)
      : Math.min(choices.length - 1, Math.max(0, at + step));
  return choices[next] ?? value;
}

function inRoom(doc: Doc, path: Path, catalog: Catalog, random: () => number): Doc {
  return changeRoom(doc, path, (room) => {
    let nodes: Map<string, DocNode> | null = null;
    for (const node of room.nodes.values()) {
      const after = steered(doc, path, catalog, room, node, random);
      if (after !== node) nodes = (nodes ?? new Map(room.nodes)).set(node.id, after);
    }
    return nodes ? { ...room, nodes } : room;
  });
}

function steered(
  doc: Doc,
  path: Path,
  catalog: Catalog,
  room: Room,
  node: DocNode,
  random: () => number,
): DocNode {
  if (node.mode !== "always") return node;
  const values: Record<string, Json> = {};
  for (const [name, control] of Object.entries(node.controls)) {
    const port = portsOf(doc, catalog, node).widgets.find((one) => one.name === name);
    const value = port ? widgetValue(node, port) : null;
    if (!port || value === null || control === "fixed" || wireInto(room, node.id, port.slot)) continue;
    values[name] = nextValue(value, control, specFor(doc, path, catalog, node, port), random);
  }
  return Object.keys(values).length === 0 ? node : { ...node, values: { ...node.values, ...values } };
}

function specFor(doc: Doc, path: Path, catalog: Catalog, node: DocNode, port: Port): InputSpec | null {
  return isPrimitive(catalog, node) ? (fedBy(doc, path, catalog, node)?.port.spec ?? null) : port.spec;
}

function hasSteered(room: Room): boolean {
  return [...room.nodes.values()].some((node) =>
    Object.values(node.controls).some((control) => control !== "fixed"),
  );
}
