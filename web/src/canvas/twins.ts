/** What tells nodes of the same title apart, where they stand in a list. */

import { wiring } from "@/graph/room";
import { portsOf, specOf, widgetValue } from "@/graph/specs";
import type { Catalog, Doc, DocNode, Room } from "@/graph/types";
import { texts } from "@/texts/texts";
import { nodeTitle, shownName } from "./names";

const LONGEST = 28; // letters of a text that are enough to know it by

/** By id, for those whose title another node has too: what it says, or where it leads, or its place on the canvas. */
export function apart(doc: Doc, room: Room, catalog: Catalog): ReadonlyMap<string, string> {
  const alike = new Map<string, DocNode[]>();
  for (const node of room.nodes.values()) {
    const title = titleOf(doc, catalog, node);
    alike.set(title, [...(alike.get(title) ?? []), node]);
  }
  const notes = new Map<string, string>();
  for (const nodes of alike.values()) {
    if (nodes.length < 2) continue;
    const ways = [textIn, leadsTo, comesFrom].map((way) =>
      nodes.map((node) => way(doc, room, catalog, node)),
    );
    const found = ways.find((words) => !words.includes("") && new Set(words).size === nodes.length);
    const byPlace = nodes.toSorted((one, other) => one.pos[0] - other.pos[0] || one.pos[1] - other.pos[1]);
    for (const [at, node] of nodes.entries()) {
      const number = texts("canvas")("nth of twins", { n: byPlace.indexOf(node) + 1 });
      notes.set(node.id, found?.[at] ?? number);
    }
  }
  return notes;
}

function titleOf(doc: Doc, catalog: Catalog, node: DocNode): string {
  return nodeTitle(node, specOf(doc, catalog, node));
}

/** The first text or file that is set in it. */
function textIn(doc: Doc, _room: Room, catalog: Catalog, node: DocNode): string {
  const texts = portsOf(doc, catalog, node).widgets.map((port) => widgetValue(node, port));
  const text = texts.find((value) => typeof value === "string" && value.trim() !== "");
  if (typeof text !== "string") return "";
  const line = text.trim().replace(/\s+/g, " ");
  return `“${line.length > LONGEST ? `${line.slice(0, LONGEST).trim()}…` : line}”`;
}

/** The first input that it is linked to. */
function leadsTo(doc: Doc, room: Room, catalog: Catalog, { id }: DocNode): string {
  const wire = wiring(room).outOf.get(id)?.[0];
  const node = wire && room.nodes.get(wire.to);
  if (!wire || !node) return "";
  const { inputs, widgets } = portsOf(doc, catalog, node);
  const port = [...inputs, ...widgets].find(({ slot }) => slot === wire.input);
  const what = [titleOf(doc, catalog, node), port ? shownName(port.label) : ""].filter(Boolean).join(" ");
  return texts("canvas")("leads to", { what });
}

/** The first node that it is linked from. */
function comesFrom(doc: Doc, room: Room, catalog: Catalog, { id }: DocNode): string {
  const [wire] = wiring(room).into.get(id)?.values() ?? [];
  const node = wire && room.nodes.get(wire.from);
  return node ? texts("canvas")("from node", { name: titleOf(doc, catalog, node) }) : "";
}
