/** A wire that is being drawn: where it may end. */

import { create } from "zustand";
import { accepts, givenType, leadsTo, type WireEnds, wantedTypes } from "@/graph/fit";
import { definitionAt, roomAt } from "@/graph/room";
import { portsOf } from "@/graph/specs";
import { type Catalog, type Doc, INPUTS, OUTPUTS, type Path, type Room } from "@/graph/types";
import type { Pull } from "./asking";
import { inputSpot, outputSpot, spotOf } from "./geometry";

interface Pulling {
  readonly pull: Pull | null;
  readonly type: string;
  /** Ends that fit, as `node spot`; null while no wire is drawn. */
  readonly fits: ReadonlySet<string> | null;
}

export const usePulling = create<Pulling>(() => ({ pull: null, type: "", fits: null }));

export const spotKey = (node: string, spot: string) => `${node} ${spot}`;

export function beginPull(doc: Doc, path: Path, catalog: Catalog, pull: Pull): void {
  usePulling.setState({
    pull,
    type: pulledType(doc, path, catalog, pull),
    fits: fitting(doc, path, catalog, pull),
  });
}

export function endPull(): void {
  usePulling.setState({ pull: null, type: "", fits: null });
}

/** The type of what a wire from here carries, or of what it wants. */
export function pulledType(doc: Doc, path: Path, catalog: Catalog, { node, end }: Pull): string {
  if ("output" in end) return end.output < 0 ? "*" : givenType(doc, path, catalog, node, end.output);
  return wantedTypes(doc, path, catalog, node, end.input)[0] ?? "*";
}

/** Whether a socket fits the wire that is drawn. */
export function useFit(node: string, spot: string): "idle" | "fits" | "unfit" {
  return usePulling(({ fits }) =>
    fits === null ? "idle" : fits.has(spotKey(node, spot)) ? "fits" : "unfit",
  );
}

/** The wire between what is pulled and another end; null where both are of one side. */
export function endsBetween(pull: Pull, node: string, spot: string): WireEnds | null {
  const other = spotOf(spot);
  if ("output" in pull.end) {
    return "input" in other
      ? { from: pull.node, output: pull.end.output, to: node, input: other.input }
      : null;
  }
  return "output" in other
    ? { from: node, output: other.output, to: pull.node, input: pull.end.input }
    : null;
}

/** All ends in the room that a wire from `pull` may have. */
export function fitting(doc: Doc, path: Path, catalog: Catalog, pull: Pull): ReadonlySet<string> {
  const room = roomAt(doc, path);
  if (!room) return new Set();
  return "output" in pull.end
    ? takers(doc, path, catalog, room, pull.node, pull.end.output)
    : givers(doc, path, catalog, room, pull.node, pull.end.input);
}

function takers(
  doc: Doc,
  path: Path,
  catalog: Catalog,
  room: Room,
  from: string,
  output: number,
): ReadonlySet<string> {
  const given = output < 0 ? "*" : givenType(doc, path, catalog, from, output);
  const found = new Set<string>();
  for (const node of room.nodes.values()) {
    if (node.id === from || leadsTo(room, node.id, from)) continue;
    const { inputs, widgets } = portsOf(doc, catalog, node);
    for (const { key } of [...inputs, ...widgets]) {
      if (wantedTypes(doc, path, catalog, node.id, key).every((wanted) => accepts(wanted, given))) {
        found.add(spotKey(node.id, inputSpot(key)));
      }
    }
  }
  const definition = definitionAt(doc, path);
  if (definition && from !== INPUTS) {
    for (const [place, port] of definition.outputs.entries()) {
      if (accepts(port.type, given)) found.add(spotKey(OUTPUTS, inputSpot(String(place))));
    }
    found.add(spotKey(OUTPUTS, inputSpot("")));
  }
  return found;
}

function givers(
  doc: Doc,
  path: Path,
  catalog: Catalog,
  room: Room,
  to: string,
  input: string,
): ReadonlySet<string> {
  const wanted = wantedTypes(doc, path, catalog, to, input);
  const fits = (given: string) => wanted.every((type) => accepts(type, given));
  const found = new Set<string>();
  for (const node of room.nodes.values()) {
    if (node.id === to || leadsTo(room, to, node.id)) continue;
    for (const place of portsOf(doc, catalog, node).outputs.keys()) {
      if (fits(givenType(doc, path, catalog, node.id, place))) found.add(spotKey(node.id, outputSpot(place)));
    }
  }
  const definition = definitionAt(doc, path);
  if (definition && to !== OUTPUTS) {
    for (const [place, port] of definition.inputs.entries()) {
      if (fits(port.type)) found.add(spotKey(INPUTS, outputSpot(place)));
    }
    found.add(spotKey(INPUTS, outputSpot(-1)));
  }
  return found;
}
