/** Where everything of a node is drawn, in pixels: known before it is on the page, so that nothing has to be measured. */

import { CURVE, curveOf } from "@/curve/curve";
import { isNote, widgetValue } from "@/graph/specs";
import type { DocNode, NodeSpec, OutPort, Port, Ports, Size } from "@/graph/types";

export const TITLE = 30;
const SOCKET = 20;
export const LINE = 24;
const TOP = 4;
const BOTTOM = 8;
const LEAST_TEXT = 56;
const LEAST_CURVE = 120;
const LEAST_PICTURE = 96;
/** From this height on, what a node gives is shown inside of it; else it hangs below. */
const LEAST_RESULT = 72;
const NARROWEST = 90;

export type Row =
  | {
      readonly kind: "socket";
      readonly y: number;
      readonly height: number;
      readonly input: Port | null;
      readonly output: Out | null;
    }
  | { readonly kind: "widget"; readonly y: number; readonly height: number; readonly port: Port }
  | { readonly kind: "control"; readonly y: number; readonly height: number; readonly port: Port }
  | { readonly kind: "picture"; readonly y: number; readonly height: number; readonly port: Port };

export interface Out {
  readonly port: OutPort;
  readonly place: number;
}

/** A place where wires end or begin, from the left upper corner of the node. */
export interface Spot {
  readonly id: string;
  readonly type: "source" | "target";
  readonly x: number;
  readonly y: number;
}

export interface Drawing {
  readonly width: number;
  /** With the title bar. */
  readonly height: number;
  readonly rows: readonly Row[];
  readonly spots: readonly Spot[];
  /** Where results are shown, below the rows; null where they hang below the node. */
  readonly result: { readonly y: number; readonly height: number } | null;
}

export const inputSpot = (key: string) => `in:${key}`;
export const outputSpot = (place: number) => `out:${place}`;

/** The input or output that a spot is of. */
export function spotOf(id: string): { readonly input: string } | { readonly output: number } {
  return id.startsWith("in:") ? { input: id.slice(3) } : { output: Number(id.slice(4)) };
}

/** A node drawn: sockets side by side, then widgets one below another; texts and pictures share what room is left. */
export function drawingOf(node: DocNode, ports: Ports): Drawing {
  const known = drawings.get(node);
  if (known?.ports === ports) return known.drawing;
  const drawing = node.collapsed ? folded(node, ports) : opened(node, ports);
  drawings.set(node, { ports, drawing });
  return drawing;
}

const drawings = new WeakMap<DocNode, { readonly ports: Ports; readonly drawing: Drawing }>();

function folded(node: DocNode, ports: Ports): Drawing {
  const width = Math.max(NARROWEST, Math.min(node.size[0], 220));
  const spots = [
    ...[...ports.inputs, ...ports.widgets].map((port): Spot => target(port, TITLE / 2)),
    ...ports.outputs.map((_, place): Spot => source(place, width, TITLE / 2)),
  ];
  return { width, height: TITLE, rows: [], spots, result: null };
}

function opened(node: DocNode, ports: Ports): Drawing {
  const width = Math.max(NARROWEST, node.size[0]);
  const parts = partsOf(node, ports);
  const sockets = Math.max(ports.inputs.length, ports.outputs.length) * SOCKET;
  const fixed = TOP + sockets + (parts.length > 0 ? TOP : 0) + BOTTOM;
  const least = parts.reduce((sum, part) => sum + part.height, fixed);
  const body = Math.max(node.size[1], least);
  const growing = parts.filter((part) => part.grows).length;
  const spare = body - least;
  const rows: Row[] = [];
  const spots: Spot[] = [];
  let y = TITLE + TOP;
  for (let place = 0; place * SOCKET < sockets; place++) {
    const port = ports.inputs[place] ?? null;
    const out = ports.outputs[place];
    rows.push({ kind: "socket", y, height: SOCKET, input: port, output: out ? { port: out, place } : null });
    if (port) spots.push(target(port, y + SOCKET / 2));
    if (out) spots.push(source(place, width, y + SOCKET / 2));
    y += SOCKET;
  }
  if (parts.length > 0) y += TOP;
  for (const part of parts) {
    const height = part.height + (part.grows ? spare / growing : 0);
    rows.push({ kind: part.kind, y, height, port: part.port });
    if (part.kind === "widget") spots.push(target(part.port, y + LINE / 2));
    y += height;
  }
  const left = TITLE + body - BOTTOM - y;
  const result = growing === 0 && left >= LEAST_RESULT ? { y, height: left } : null;
  return { width, height: TITLE + body, rows, spots, result };
}

interface Part {
  readonly kind: "widget" | "control" | "picture";
  readonly port: Port;
  readonly height: number;
  readonly grows: boolean;
}

function partsOf(node: DocNode, ports: Ports): readonly Part[] {
  const isText = isNote(node);
  return ports.widgets.flatMap((port): Part[] => {
    const grows = isText || port.spec?.multiline === true;
    const isCurve = port.type === CURVE && curveOf(widgetValue(node, port)) !== null;
    const height = isCurve ? LEAST_CURVE : grows ? LEAST_TEXT : LINE;
    const parts: Part[] = [{ kind: "widget", port, height, grows: grows || isCurve }];
    if (port.hasControl) parts.push({ kind: "control", port, height: LINE, grows: false });
    if (port.spec?.upload) parts.push({ kind: "picture", port, height: LEAST_PICTURE, grows: true });
    return parts;
  });
}

function target(port: Port, y: number): Spot {
  return { id: inputSpot(port.key), type: "target", x: 0, y };
}

function source(place: number, width: number, y: number): Spot {
  return { id: outputSpot(place), type: "source", x: width, y };
}

const TEXT = 100;
const CURVE_BOX = 170;
const PICTURE = 190;
const LETTER = 7;

/** The size of a new node, without its title bar. */
export function newSize(spec: NodeSpec, ports: Ports): Size {
  const rows = Math.max(ports.inputs.length, ports.outputs.length) * SOCKET;
  const heights = ports.widgets.map(
    ({ spec: port, type, hasControl }) =>
      (type === CURVE && port?.default != null ? CURVE_BOX : port?.multiline ? TEXT : LINE) +
      (hasControl ? LINE : 0) +
      (port?.upload ? PICTURE : 0),
  );
  const widgets = heights.length > 0 ? heights.reduce((sum, height) => sum + height, TOP) : 0;
  const result = spec.output_node && heights.every((height) => height === LINE) ? PICTURE : 0;
  const texts = ports.widgets.some(({ spec: port }) => port?.multiline || port?.upload);
  const longest = Math.max(
    spec.title.length + 8,
    ...ports.inputs.map((port, place) => port.label.length + (ports.outputs[place]?.label.length ?? 0) + 8),
    ...ports.widgets.map((port) => port.label.length + 14),
  );
  const width = Math.min(400, Math.max(texts ? 320 : 230, longest * LETTER));
  return [Math.round(width / 10) * 10, Math.ceil((TOP + rows + widgets + result + BOTTOM) / 10) * 10];
}
