/** What is known of a node's type: from the catalog, of an editor's own nodes, and of subgraphs. */

import { isObject, type Json, type JsonObject, listOf } from "./json";
import { promotedPorts } from "./promote";
import type {
  Catalog,
  Control,
  Doc,
  DocNode,
  Input,
  InputSpec,
  NodeSpec,
  OutPort,
  OutputSpec,
  Port,
  Ports,
} from "./types";
import { hasControl, isControl, isRequired, isWidget, widgetsOf } from "./widgets";

export const REROUTE = "Reroute";
export const PRIMITIVE = "PrimitiveNode";
export const NOTE = "Note";
export const MARKDOWN_NOTE = "MarkdownNote";

const TEXT: InputSpec = { name: "text", type: "STRING", multiline: true, default: "" };

/** Nodes that only editors have. Their titles are the interface's to translate. */
export const VIRTUAL: Catalog = new Map(
  [
    virtual(NOTE, [TEXT], []),
    virtual(MARKDOWN_NOTE, [TEXT], []),
    virtual(REROUTE, [{ name: "", type: "*" }], [{ name: "", type: "*" }]),
    virtual(PRIMITIVE, [], [{ name: "connect to widget input", type: "*" }]),
  ].map((spec) => [spec.class_type, spec]),
);

/** The catalog, of the answer of `GET /api/v1/nodes`. */
export function catalogOf(nodes: readonly unknown[]): Catalog {
  const specs = nodes.filter(
    (node): node is NodeSpec & JsonObject => isObject(node) && typeof node.class_type === "string",
  );
  return new Map(specs.map((spec) => [spec.class_type, spec]));
}

/** Whether a node is only there to be read. */
export function isNote(node: DocNode): boolean {
  return node.type === NOTE || node.type === MARKDOWN_NOTE;
}

/** Whether a node stands for a subgraph of the document. */
export function isSubgraph(doc: Doc, node: DocNode): boolean {
  return doc.subgraphs.has(node.type);
}

/** Whether a node is one of the older kind that holds others: its values stay as they are. */
export function isGroupNode(type: string): boolean {
  return type.startsWith("workflow>") || type.startsWith("workflow/");
}

/** The type of a node; null where nothing is known of it. For subgraphs it is made from the node and what is inside. */
export function specOf(doc: Doc, catalog: Catalog, node: DocNode): NodeSpec | null {
  const known = catalog.get(node.type) ?? VIRTUAL.get(node.type);
  const definition = doc.subgraphs.get(node.type);
  if (known || !definition) return known ?? null;
  const { sockets, widgets, outputs } = partsOf(doc, catalog, node);
  const inputs = [...sockets, ...widgets];
  return { class_type: node.type, title: definition.name, category: "", description: "", inputs, outputs };
}

interface Parts {
  readonly sockets: readonly InputSpec[];
  readonly widgets: readonly InputSpec[];
  readonly outputs: readonly OutputSpec[];
  readonly further: InputSpec | null;
}

function partsOf(doc: Doc, catalog: Catalog, node: DocNode): Parts {
  const known = catalog.get(node.type) ?? VIRTUAL.get(node.type);
  const sockets = node.inputs.filter((input) => !input.widget).map(({ name, type }) => ({ name, type }));
  if (node.type === PRIMITIVE && known === VIRTUAL.get(PRIMITIVE)) {
    return {
      sockets,
      widgets: [{ name: "value", type: node.outputs[0]?.type ?? "*" }],
      outputs: known?.outputs ?? [],
      further: null,
    };
  }
  if (known) {
    const linked = known.inputs.filter((port) => !isWidget(port));
    return {
      sockets: linked,
      widgets: widgetsOf(known),
      outputs: known.outputs,
      further: known.further ?? null,
    };
  }
  const definition = doc.subgraphs.get(node.type);
  const outputs = (definition?.outputs ?? node.outputs).map(({ name, type }) => ({ name, type }));
  const widgets = definition
    ? promotedPorts(doc, catalog, node)
    : valuePorts(catalog, node.type, node.inputs);
  return { sockets, widgets, outputs, further: null };
}

/** The widgets whose values a node's document holds, in order: of the catalog, or else those that it names itself. */
export function valuePorts(catalog: Catalog, type: string, inputs: readonly Input[]): readonly InputSpec[] {
  if (type === PRIMITIVE && !catalog.has(type)) return [{ name: "value", type: "*" }];
  const known = catalog.get(type) ?? VIRTUAL.get(type);
  if (known) return widgetsOf(known);
  if (isGroupNode(type)) return [];
  return inputs.filter((input) => input.widget).map((input) => ({ name: input.name, type: input.type }));
}

/** All that is drawn of a node: what the document has, then what only the catalog has. The same object while nothing of it changes. */
export function portsOf(doc: Doc, catalog: Catalog, node: DocNode): Ports {
  const key = doc.subgraphs.has(node.type) ? doc.subgraphs : catalog;
  const known = drawn.get(key) ?? new WeakMap<DocNode, Ports>();
  drawn.set(key, known);
  const ports = known.get(node) ?? madePorts(doc, catalog, node);
  known.set(node, ports);
  return ports;
}

const drawn = new WeakMap<object, WeakMap<DocNode, Ports>>();

/** The port of a node by its key; null for none. */
export function portAt(doc: Doc, catalog: Catalog, node: DocNode, key: string): Port | null {
  const ports = portsOf(doc, catalog, node);
  return [...ports.inputs, ...ports.widgets].find((port) => port.key === key) ?? null;
}

/** What an input is called among those of its node, by its number. */
export function keyOf(inputs: readonly Input[], slot: number): string {
  const name = inputs[slot]?.name ?? "";
  return inputs.findIndex((input) => input.name === name) === slot ? name : `${name}#${slot}`;
}

function madePorts(doc: Doc, catalog: Catalog, node: DocNode): Ports {
  const parts = partsOf(doc, catalog, node);
  const isKnown = catalog.has(node.type) || VIRTUAL.has(node.type);
  const widgets = new Map(parts.widgets.map((spec) => [spec.name, portOf(node, spec, null)]));
  const sockets = new Map<string, Port>();
  for (const [slot, input] of node.inputs.entries()) {
    const key = keyOf(node.inputs, slot);
    const place = { key, slot, input };
    const widget = parts.widgets.find((spec) => spec.name === input.name);
    if (widget && key === input.name) widgets.set(input.name, portOf(node, widget, place));
    else {
      const spec = isKnown ? (parts.sockets.find((one) => one.name === input.name) ?? parts.further) : null;
      sockets.set(key, portOf(node, spec, place, false));
    }
  }
  for (const spec of parts.sockets) {
    if (!sockets.has(spec.name)) sockets.set(spec.name, portOf(node, spec, null, false));
  }
  return {
    inputs: [...sockets.values()],
    widgets: [...widgets.values()],
    outputs: outputsOf(parts.outputs, node),
  };
}

interface Place {
  readonly key: string;
  readonly slot: number;
  readonly input: Input;
}

function portOf(node: DocNode, spec: InputSpec | null, place: Place | null, widget = true): Port {
  const name = place?.input.name ?? spec?.name ?? "";
  const control = widget ? (node.controls[name] ?? usualControl(spec)) : null;
  const label = spec && "label" in spec && typeof spec.label === "string" ? spec.label : name;
  return {
    key: place?.key ?? name,
    name,
    label: place?.input.label || label,
    type: spec?.type ?? place?.input.type ?? "*",
    slot: place?.slot ?? null,
    isWidget: widget,
    required: spec !== null && isRequired(spec),
    spec,
    control,
    hasControl: control !== null,
  };
}

/** The control of a widget that the document says none of; of a promoted one, the control inside. */
function usualControl(spec: InputSpec | null): Control | null {
  if (!spec) return null;
  if ("control" in spec && isControl(spec.control)) return spec.control;
  return hasControl(spec) ? "fixed" : null;
}

function outputsOf(specs: readonly OutputSpec[], node: DocNode): OutPort[] {
  const count = Math.max(specs.length, node.outputs.length);
  return Array.from({ length: count }, (_, place) => {
    const own = node.outputs[place];
    const known = specs[place];
    const name = own?.name ?? known?.name ?? "";
    const type = own && own.type !== "*" ? own.type : (known?.type ?? own?.type ?? "*");
    return { name, label: own?.label || name, type, isList: known?.is_list === true };
  });
}

function virtual(class_type: string, inputs: readonly InputSpec[], outputs: readonly OutputSpec[]): NodeSpec {
  return { class_type, title: class_type, category: "", description: "", inputs, outputs };
}

/** A value of a widget: what the document has, else what the type usually has. */
export function widgetValue(node: DocNode, port: Port): Json {
  const value = node.values[port.name];
  if (value !== undefined) return value;
  const choices = listOf(port.spec?.choices);
  return port.spec?.default ?? choices[0] ?? null;
}
