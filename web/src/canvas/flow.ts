/** A graph as the canvas takes it: nodes and edges with their places. What has not changed is the same object again. */

import { type Edge, type Node, Position } from "@xyflow/react";
import { isReroute } from "@/graph/fit";
import { definitionAt } from "@/graph/room";
import { keyOf, portsOf } from "@/graph/specs";
import {
  type Catalog,
  type Definition,
  type Doc,
  type DocNode,
  type Group,
  INPUTS,
  OUTPUTS,
  type Path,
  type Reroute,
  type Room,
  type Wire,
} from "@/graph/types";
import { chainOf } from "@/graph/wires";
import { drawingOf, inputSpot, outputSpot, type Spot, TITLE } from "./geometry";

export type FlowNode = Node<Record<string, never>, "node" | "reroute" | "group" | "waypoint" | "ends">;
export type FlowEdge = Edge<{ readonly type: string }, "wire">;

const NO_DATA: Record<string, never> = {};
export const END_ROW = 24;
const END_WIDTH = 160;
export const WAYPOINT = 14; // pixels across

type Kept<T> = { readonly selected: boolean; readonly of: unknown; readonly made: T };
const keptNodes = new WeakMap<object, Kept<FlowNode>>();
const keptEdges = new WeakMap<object, Kept<FlowEdge>>();

function kept<T>(
  store: WeakMap<object, Kept<T>>,
  key: object,
  selected: boolean,
  of: unknown,
  make: () => T,
): T {
  const known = store.get(key);
  if (known && known.selected === selected && known.of === of) return known.made;
  const made = make();
  store.set(key, { selected, of, made });
  return made;
}

export function flowNodes(
  doc: Doc,
  path: Path,
  room: Room,
  catalog: Catalog,
  selected: ReadonlySet<string>,
): FlowNode[] {
  const nodes: FlowNode[] = [];
  for (const group of room.groups.values()) {
    const isSelected = selected.has(`g:${group.id}`);
    nodes.push(kept(keptNodes, group, isSelected, null, () => groupNode(group, isSelected)));
  }
  for (const node of room.nodes.values()) {
    const isSelected = selected.has(node.id);
    const ports = portsOf(doc, catalog, node);
    nodes.push(
      kept(keptNodes, node, isSelected, ports, () =>
        isReroute(catalog, node)
          ? rerouteNode(node, isSelected)
          : drawnNode(node, drawingOf(node, ports), isSelected),
      ),
    );
  }
  for (const reroute of room.reroutes.values()) {
    const isSelected = selected.has(`r:${reroute.id}`);
    nodes.push(kept(keptNodes, reroute, isSelected, null, () => waypointNode(reroute, isSelected)));
  }
  const definition = definitionAt(doc, path);
  if (definition) {
    nodes.push(
      kept(keptNodes, definition.inputs, selected.has(INPUTS), definition.inputBox, () =>
        endsNode(definition, "inputs", selected.has(INPUTS)),
      ),
    );
    nodes.push(
      kept(keptNodes, definition.outputs, selected.has(OUTPUTS), definition.outputBox, () =>
        endsNode(definition, "outputs", selected.has(OUTPUTS)),
      ),
    );
  }
  return nodes;
}

interface Measures {
  readonly width: number;
  readonly height: number;
  readonly spots: readonly Spot[];
}

function placed(x: number, y: number, { width, height, spots }: Measures) {
  return {
    data: NO_DATA,
    position: { x, y },
    width,
    height,
    measured: { width, height },
    handles: spots.map(({ id, type, x: left, y: top }) => ({
      id,
      type,
      x: left,
      y: top,
      width: 0,
      height: 0,
      position: type === "source" ? Position.Right : Position.Left,
    })),
  };
}

function drawnNode(node: DocNode, measures: Measures, selected: boolean): FlowNode {
  return {
    id: node.id,
    type: "node",
    selected,
    draggable: !node.pinned,
    ...placed(node.pos[0], node.pos[1] - TITLE, measures),
  };
}

function rerouteNode(node: DocNode, selected: boolean): FlowNode {
  const [width, height] = [Math.max(40, node.size[0]), 26];
  const spots: Spot[] = [
    { id: inputSpot(node.inputs[0]?.name ?? ""), type: "target", x: 0, y: height / 2 },
    { id: outputSpot(0), type: "source", x: width, y: height / 2 },
  ];
  return {
    id: node.id,
    type: "reroute",
    selected,
    draggable: !node.pinned,
    ...placed(node.pos[0], node.pos[1], { width, height, spots }),
  };
}

function groupNode(group: Group, selected: boolean): FlowNode {
  const [x, y, width, height] = group.box;
  return {
    id: `g:${group.id}`,
    type: "group",
    selected,
    zIndex: -1,
    style: { pointerEvents: "none" },
    ...placed(x, y, { width, height, spots: [] }),
  };
}

function waypointNode({ id, pos }: Reroute, selected: boolean): FlowNode {
  const half = WAYPOINT / 2;
  const spots: Spot[] = [
    { id: inputSpot(""), type: "target", x: half, y: half },
    { id: outputSpot(0), type: "source", x: half, y: half },
  ];
  const at = placed(pos[0] - half, pos[1] - half, { width: WAYPOINT, height: WAYPOINT, spots });
  return { id: `r:${id}`, type: "waypoint", selected, zIndex: 1, ...at };
}

function endsNode(definition: Definition, side: "inputs" | "outputs", selected: boolean): FlowNode {
  const isIn = side === "inputs";
  const box = isIn ? definition.inputBox : definition.outputBox;
  const count = definition[side].length;
  const y = (place: number) => TITLE + END_ROW * place + END_ROW / 2;
  const spots = Array.from({ length: count + 1 }, (_, place): Spot => {
    const isNew = place === count;
    return isIn
      ? { id: outputSpot(isNew ? -1 : place), type: "source", x: END_WIDTH, y: y(place) }
      : { id: inputSpot(isNew ? "" : String(place)), type: "target", x: 0, y: y(place) };
  });
  const height = TITLE + END_ROW * (count + 1) + 8;
  const id = isIn ? INPUTS : OUTPUTS;
  return {
    id,
    type: "ends",
    selected,
    deletable: false,
    ...placed(box[0], box[1], { width: END_WIDTH, height, spots }),
  };
}

/** Wires as edges. One that goes over waypoints is several: to each waypoint, and from the last to its end. */
export function flowEdges(room: Room, selected: ReadonlySet<string>): FlowEdge[] {
  const edges: FlowEdge[] = [];
  const drawn = new Set<string>();
  for (const wire of room.wires.values()) {
    const isSelected = selected.has(`w:${wire.id}`);
    const target = room.nodes.get(wire.to);
    const key = target ? keyOf(target.inputs, wire.input) : String(wire.input);
    const chain = wire.reroute ? chainOf(room, wire) : [];
    let from = { source: wire.from, sourceHandle: outputSpot(wire.output) };
    for (const id of chain) {
      if (!drawn.has(id)) {
        drawn.add(id);
        edges.push(
          edgeOf(
            `s:${id}:${wire.id}`,
            from,
            { target: `r:${id}`, targetHandle: inputSpot("") },
            wire,
            isSelected,
          ),
        );
      }
      from = { source: `r:${id}`, sourceHandle: outputSpot(0) };
    }
    const end = { target: wire.to, targetHandle: inputSpot(key) };
    const of = `${key} ${chain.join()}`;
    edges.push(
      kept(keptEdges, wire, isSelected, of, () => edgeOf(`w:${wire.id}`, from, end, wire, isSelected)),
    );
  }
  return edges;
}

/** The wire that an edge is of. */
export function wireOf(edge: string): string {
  return edge.split(":").at(-1) ?? "";
}

function edgeOf(
  id: string,
  from: { readonly source: string; readonly sourceHandle: string },
  to: { readonly target: string; readonly targetHandle: string },
  wire: Wire,
  selected: boolean,
): FlowEdge {
  const reconnectable = id.startsWith("w:") && !wire.reroute;
  const data = { type: wire.type };
  return { id, type: "wire", ...from, ...to, selected, reconnectable, ariaLabel: wire.type, data };
}
