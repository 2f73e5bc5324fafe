/** Whether a wire would lead back to where it comes from, subgraphs looked through: what runs has no subgraphs. */

import { wiring } from "./room";
import { type Definition, type Doc, type DocNode, INPUTS, OUTPUTS, type Room } from "./types";

const ANY_OUTPUT = -1;

/** Whether a wire from an output to an input (null: one that the node does not list yet) would close a circle. */
export function closesCircle(
  doc: Doc,
  room: Room,
  from: string,
  output: number,
  to: string,
  slot: number | null,
): boolean {
  if (from === INPUTS || to === OUTPUTS) return false;
  const outputs = reached(doc, room, [{ id: to, slot }]).get(from);
  return outputs !== undefined && (outputs.has(ANY_OUTPUT) || outputs.has(output));
}

interface End {
  readonly id: string;
  readonly slot: number | null;
}

type Reached = ReadonlyMap<string, ReadonlySet<number>>;

/** The outputs that depend on some inputs, by node; of `OUTPUTS`, what is handed out. */
function reached(doc: Doc, room: Room, starts: readonly End[]): Reached {
  const { outOf } = wiring(room);
  const found = new Map<string, Set<number>>();
  const waiting = [...starts];
  for (const { id, slot } of waiting) {
    const node = room.nodes.get(id);
    const seen = found.get(id) ?? new Set<number>();
    found.set(id, seen);
    const outputs = node ? outputsBehind(doc, node, slot) : new Set([slot ?? ANY_OUTPUT]);
    for (const output of outputs) {
      if (seen.has(output) || seen.has(ANY_OUTPUT)) continue;
      seen.add(output);
      for (const wire of outOf.get(id) ?? []) {
        if (output === ANY_OUTPUT || wire.output === output) waiting.push({ id: wire.to, slot: wire.input });
      }
    }
  }
  return found;
}

function outputsBehind(doc: Doc, node: DocNode, slot: number | null): ReadonlySet<number> {
  const definition = doc.subgraphs.get(node.type);
  const name = slot === null ? undefined : node.inputs[slot]?.name;
  const place = definition?.inputs.findIndex((port) => port.name === name) ?? -1;
  return definition && place >= 0 ? handedOn(doc, definition, place) : EVERY;
}

/** The outputs of a subgraph that depend on one of its inputs. */
function handedOn(doc: Doc, definition: Definition, place: number): ReadonlySet<number> {
  const known = handed.get(doc.subgraphs) ?? new Map<string, ReadonlySet<number>>();
  handed.set(doc.subgraphs, known);
  const key = `${definition.id} ${place}`;
  const before = known.get(key);
  if (before) return before;
  known.set(key, EVERY); // while it is being looked for: a subgraph inside itself has no end
  const starts = (wiring(definition.room).outOf.get(INPUTS) ?? []).filter((wire) => wire.output === place);
  const ends = starts.map((wire) => ({ id: wire.to, slot: wire.input }));
  const outputs = reached(doc, definition.room, ends).get(OUTPUTS) ?? new Set<number>();
  known.set(key, outputs);
  return outputs;
}

const EVERY: ReadonlySet<number> = new Set([ANY_OUTPUT]);
const handed = new WeakMap<object, Map<string, ReadonlySet<number>>>();
