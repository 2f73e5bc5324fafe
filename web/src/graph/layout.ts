/** Automatic layout: from left to right, each node after all it depends on, groups kept around their nodes. */

import { Graph, layout } from "@dagrejs/dagre";
import { boxAround, boxesOf, contentsOf, framed, GROUP_TITLE, isWithin, nodeBox } from "./groups";
import { changeRoom, roomAt } from "./room";
import type { Box, Doc, DocNode, Group, Path, Point, Reroute, Room } from "./types";
import { chainOf } from "./wires";

const BETWEEN_COLUMNS = 80; // pixels
const BETWEEN_NODES = 40;
const GROUP_MARGIN = 30;
const MANY = 300;

export interface LayoutOptions {
  /** Nodes that are laid out; all where it is not given. */
  readonly only?: Iterable<string>;
  /** Sizes as they are drawn, where they differ from the document's. */
  readonly sizes?: ReadonlyMap<string, readonly [number, number]>;
}

/** Lay out the nodes of a room. Pinned nodes stay, and so does the upper left corner of the whole. */
export function layOut(doc: Doc, path: Path, { only, sizes }: LayoutOptions = {}): Doc {
  const room = roomAt(doc, path);
  if (!room) return doc;
  const chosen = only ? new Set(only) : new Set(room.nodes.keys());
  const nodes = [...room.nodes.values()]
    .filter((node) => chosen.has(node.id) && !node.pinned)
    .map((node) => sized(node, sizes));
  if (nodes.length < 2) return doc;
  const before = boxAround(nodes.map(nodeBox));
  const families = familiesOf(room, nodes);
  const centres = placed(room, nodes, families);
  const found = nodes.map((node): Box => {
    const [, , width, height] = nodeBox(node);
    const [x, y] = centres.get(node.id) ?? node.pos;
    return [x - width / 2, y - height / 2, width, height];
  });
  const after = boxAround(found);
  if (!before || !after) return doc;
  const [dx, dy] = [before[0] - after[0], before[1] - after[1]];
  const places = new Map<string, Point>();
  nodes.forEach((node, at) => {
    const [x = 0, y = 0] = found[at] ?? [];
    const titleHeight = node.pos[1] - nodeBox(node)[1];
    places.set(node.id, [Math.round(x + dx), Math.round(y + dy + titleHeight)]);
  });
  return changeRoom(doc, path, (now) =>
    withPlaces(now, places, only === undefined ? [...now.groups.values()] : families.whole),
  );
}

interface Families {
  /** The innermost group of each node. */
  readonly of: ReadonlyMap<string, string>;
  readonly parents: ReadonlyMap<string, string>;
  /** Groups all of whose nodes are laid out. */
  readonly whole: readonly Group[];
}

function familiesOf(room: Room, nodes: readonly DocNode[]): Families {
  const chosen = new Set(nodes.map((node) => node.id));
  const groups = [...room.groups.values()].map((group) => ({ group, inside: contentsOf(room, group).nodes }));
  const whole = groups
    .filter(({ inside }) => inside.length > 0 && inside.every((id) => chosen.has(id)))
    .sort((one, other) => areaOf(other.group.box) - areaOf(one.group.box));
  const of = new Map<string, string>();
  for (const { group, inside } of whole) for (const id of inside) of.set(id, group.id); // the smallest has the last word
  const parents = new Map<string, string>();
  whole.forEach(({ group }, at) => {
    const around = whole.slice(0, at).findLast((one) => isWithin(one.group.box, group.box));
    if (around) parents.set(group.id, around.group.id);
  });
  return { of, parents, whole: whole.map(({ group }) => group) };
}

function placed(
  room: Room,
  nodes: readonly DocNode[],
  { of, parents, whole }: Families,
): ReadonlyMap<string, Point> {
  const graph = new Graph({ compound: whole.length > 0, multigraph: true });
  graph.setGraph({
    rankdir: "LR",
    ranker: nodes.length > MANY ? "longest-path" : "network-simplex", // the finer one takes seconds for many
    ranksep: BETWEEN_COLUMNS,
    nodesep: BETWEEN_NODES,
    marginx: GROUP_MARGIN,
    marginy: GROUP_TITLE,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) {
    const [, , width, height] = nodeBox(node);
    graph.setNode(node.id, { width, height });
  }
  const used = new Set(of.values());
  const named = (id: string) => `group ${id}`;
  for (const group of whole)
    if (used.has(group.id) || [...parents.values()].includes(group.id)) graph.setNode(named(group.id), {});
  for (const [id, group] of of) graph.setParent(id, named(group));
  for (const [id, group] of parents)
    if (graph.hasNode(named(id)) && graph.hasNode(named(group))) graph.setParent(named(id), named(group));
  for (const wire of room.wires.values()) {
    if (graph.hasNode(wire.from) && graph.hasNode(wire.to)) graph.setEdge(wire.from, wire.to, {}, wire.id);
  }
  layout(graph);
  return new Map(
    nodes.map((node) => {
      const { x, y } = graph.node(node.id) as { readonly x: number; readonly y: number };
      return [node.id, [x, y]] as const;
    }),
  );
}

/** A room with its nodes elsewhere, its groups around what they hold, and its waypoints between the ends of their wires. */
function withPlaces(room: Room, places: ReadonlyMap<string, Point>, groups: readonly Group[]): Room {
  const held = new Map(groups.map((group) => [group.id, contentsOf(room, group)]));
  const nodes = new Map(room.nodes);
  for (const [id, pos] of places) {
    const node = nodes.get(id);
    if (node) nodes.set(id, { ...node, pos });
  }
  let made: Room = { ...room, nodes, reroutes: betweenEnds({ ...room, nodes }, places) };
  const inwards = [...groups].sort((one, other) => areaOf(one.box) - areaOf(other.box));
  for (const group of inwards) {
    const inside = held.get(group.id);
    const box = inside && boxAround(boxesOf(made, inside));
    if (box && inside.nodes.length > 0) {
      made = { ...made, groups: new Map(made.groups).set(group.id, { ...group, box: framed(box) }) };
    }
  }
  return made;
}

/** The waypoints of wires whose ends have moved, evenly between these. */
function betweenEnds(room: Room, places: ReadonlyMap<string, Point>): ReadonlyMap<string, Reroute> {
  const reroutes = new Map(room.reroutes);
  for (const wire of room.wires.values()) {
    const [start, end] = [room.nodes.get(wire.from), room.nodes.get(wire.to)];
    if (!wire.reroute || !start || !end || !places.has(wire.from) || !places.has(wire.to)) continue;
    const chain = chainOf(room, wire);
    const [x, y] = [start.pos[0] + start.size[0], start.pos[1]];
    chain.forEach((id, at) => {
      const reroute = reroutes.get(id);
      const share = (at + 1) / (chain.length + 1);
      const pos: Point = [Math.round(x + (end.pos[0] - x) * share), Math.round(y + (end.pos[1] - y) * share)];
      if (reroute) reroutes.set(id, { ...reroute, pos });
    });
  }
  return reroutes;
}

function sized(node: DocNode, sizes: LayoutOptions["sizes"]): DocNode {
  const size = sizes?.get(node.id);
  return size ? { ...node, size } : node;
}

function areaOf(box: Box): number {
  return box[2] * box[3];
}
