/** Widgets from inside of a subgraph that are drawn on the node that stands for it. */

import { type Json, type JsonObject, listOf, objectOf } from "./json";
import { portsOf } from "./specs";
import {
  type Catalog,
  type Control,
  type Definition,
  type Doc,
  type DocNode,
  INPUTS,
  type InputSpec,
  type Port,
} from "./types";
import { isControl, usual, type Written } from "./widgets";

/** In a list of promoted widgets: an input of the subgraph itself. */
export const OWN = "-1";
const CONTROL = "control_after_generate"; // promoted beside its seed, as a widget of its own
const CONTROLS = "safelight controls"; // a property: controls of widgets whose control is not promoted

export interface Promotion {
  /** Node inside; `OWN` for an input of the subgraph. */
  readonly node: string;
  readonly widget: string;
  /** What the node outside calls it among its values. */
  readonly key: string;
}

/** A promoted widget as the node outside has it. */
export type PromotedPort = InputSpec & { readonly label: string; readonly control: Control | null };

/** The widgets a node lists as promoted, in order; null where it has no such list. */
export function promotions(properties: JsonObject): readonly Promotion[] | null {
  if (!Array.isArray(properties.proxyWidgets)) return null;
  return listOf(properties.proxyWidgets).flatMap((pair) => {
    const [node, widget] = listOf(pair);
    return node === undefined || widget === undefined ? [] : [promotion(String(node), String(widget))];
  });
}

export function promotion(node: string, widget: string): Promotion {
  return { node, widget, key: node === OWN ? widget : `${node}:${widget}` };
}

/** The same list as a property of the node. */
export function withPromotions(properties: JsonObject, list: readonly Promotion[]): JsonObject {
  return { ...properties, proxyWidgets: list.map(({ node, widget }) => [node, widget]) };
}

/** What is drawn outside for each promoted widget; left out where there is no such widget inside. */
export function promotedPorts(doc: Doc, catalog: Catalog, node: DocNode): readonly PromotedPort[] {
  const definition = doc.subgraphs.get(node.type);
  if (!definition || isOpen(node.type)) return [];
  const own = node.inputs.filter((input) => input.widget).map((input) => promotion(OWN, input.name));
  const listed = promotions(node.properties) ?? own;
  const keys = new Set(listed.map(({ key }) => key));
  opened.push(node.type);
  try {
    return [...listed, ...own.filter(({ key }) => !keys.has(key))].flatMap((one) => {
      const inner = innerWidget(doc, catalog, definition, one);
      if (!inner) return [];
      const { node: holder, port } = inner;
      const value = holder.values[port.name];
      const spec = port.spec ?? { name: port.name, type: port.type };
      const label = labelOf(definition, one) || port.label;
      const kept = value === undefined ? {} : { default: value };
      return [{ ...spec, name: one.key, required: true, label, control: port.control, ...kept }];
    });
  } finally {
    opened.pop();
  }
}

/** The widget inside that a promotion shows, and its node. */
export function innerWidget(
  doc: Doc,
  catalog: Catalog,
  definition: Definition,
  { node, widget }: Promotion,
): { readonly node: DocNode; readonly port: Port } | null {
  const { nodes, wires } = definition.room;
  if (node !== OWN) {
    const inner = nodes.get(node);
    const shown =
      inner && (promotions(inner.properties)?.find((one) => one.widget === widget)?.key ?? widget);
    const port = inner && portsOf(doc, catalog, inner).widgets.find((one) => one.name === shown);
    return inner && port ? { node: inner, port } : null;
  }
  const place = definition.inputs.findIndex((port) => port.name === widget);
  for (const wire of wires.values()) {
    const inner = wire.from === INPUTS && wire.output === place ? nodes.get(wire.to) : undefined;
    const port = inner && portsOf(doc, catalog, inner).widgets.find((one) => one.slot === wire.input);
    if (inner && port) return { node: inner, port };
  }
  return null;
}

/** What a widget of a node is called in lists of promoted widgets: by its own name, however deep it lies. */
export function plainName(node: DocNode, widget: string): string {
  return promotions(node.properties)?.find((one) => one.key === widget)?.widget ?? widget;
}

/** A node with entries of its list of promoted widgets replaced, and their values with them. */
export function withPromotionsMoved(node: DocNode, move: (one: Promotion) => Promotion): DocNode {
  const listed = promotions(node.properties) ?? [];
  const moved = listed.map(move);
  if (moved.every((one, place) => one === listed[place])) return node;
  const now = new Map(listed.map((one, place) => [one.key, moved[place]?.key ?? one.key]));
  const renamed = <T>(table: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(table).map(([key, value]) => [now.get(key) ?? key, value]));
  return {
    ...node,
    properties: withPromotions(node.properties, moved),
    values: renamed(node.values),
    controls: renamed(node.controls),
  };
}

export function readPromoted(
  list: readonly Promotion[],
  raw: Json | undefined,
  properties: JsonObject,
): Written {
  const values: Record<string, Json> = {};
  const controls: Record<string, Control> = {};
  list.forEach(({ key }, place) => {
    const value = listOf(raw)[place];
    const seed = seedOf(list, place);
    if (seed !== null && isControl(value)) controls[seed] = value;
    else if (value !== undefined && value !== null) values[key] = value;
  });
  for (const [key, value] of Object.entries(objectOf(properties[CONTROLS])))
    if (isControl(value)) controls[key] = value;
  return { values, controls };
}

/** The properties of a node, with the controls that its list of promoted widgets has no place for. */
export function withOtherControls({ properties, controls }: DocNode): JsonObject {
  const list = promotions(properties);
  const placed = new Set(list?.map((_, place) => seedOf(list, place)));
  const others = Object.entries(controls).filter(([key]) => list && !placed.has(key));
  const before = properties[CONTROLS];
  if (others.length === 0 && before === undefined) return properties;
  return { ...properties, [CONTROLS]: Object.fromEntries(others) };
}

/**
 * The values of promoted widgets in the order of their list, up to the last one that is set outside.
 *
 * Before that one, a widget that is not set is written with what it has inside (`ports`): editors take null for a value.
 */
export function writePromoted(
  list: readonly Promotion[],
  node: Written,
  ports: readonly PromotedPort[],
): readonly Json[] {
  const byKey = new Map(ports.map((port) => [port.name, port]));
  const values = list.map(({ key }, place) => {
    const seed = seedOf(list, place);
    return (seed === null ? node.values[key] : (node.controls[seed] ?? node.values[key])) ?? null;
  });
  const end = values.findLastIndex((value) => value !== null) + 1;
  return values.slice(0, end).map((value, place) => {
    const key = seedOf(list, place) ?? list[place]?.key ?? "";
    const port = byKey.get(key);
    if (value !== null || !port) return value;
    return key === list[place]?.key ? usual(port) : port.control;
  });
}

/** The key of the seed that an entry is the control of. */
function seedOf(list: readonly Promotion[], place: number): string | null {
  const entry = list[place];
  const before = list[place - 1];
  return entry?.widget === CONTROL && before?.node === entry.node ? before.key : null;
}

function labelOf(definition: Definition, { node, widget }: Promotion): string {
  return node === OWN ? (definition.inputs.find((port) => port.name === widget)?.label ?? "") : "";
}

const opened: string[] = []; // a subgraph inside itself has no end

function isOpen(type: string): boolean {
  return opened.includes(type);
}
