/** Widgets of subgraphs that newer editors leave out of the nodes that stand for them, put back before a document is read. */

import { isObject, type Json, type JsonObject, listOf, objectOf, textOf } from "./json";
import { OWN } from "./promote";

/**
 * A document whose nodes list all that their subgraphs take in.
 *
 * Such editors save an input that is a widget only while a wire goes to it, but the values of all. The same document
 * where there is nothing to be put back.
 */
export function withOwnWidgets(json: JsonObject): JsonObject {
  const definitions = objectOf(json.definitions);
  const subgraphs = listOf(definitions.subgraphs);
  const byType = new Map(subgraphs.filter(isObject).map((entry) => [String(entry.id), entry]));
  const rooms = subgraphs.map((entry) => (isObject(entry) ? completeRoom(entry, byType) : entry));
  const root = completeRoom(json, byType);
  if (rooms.every((room, place) => room === subgraphs[place])) return root;
  return { ...root, definitions: { ...definitions, subgraphs: rooms } };
}

type Definitions = ReadonlyMap<string, JsonObject>;

function completeRoom(room: JsonObject, definitions: Definitions): JsonObject {
  const nodes = listOf(room.nodes);
  const completed = nodes.map((node) => {
    const definition = isObject(node) ? definitions.get(textOf(node.type)) : undefined;
    return definition ? completeNode(objectOf(node), definition) : node;
  });
  return completed.every((node, place) => node === nodes[place]) ? room : { ...room, nodes: completed };
}

function completeNode(node: JsonObject, definition: JsonObject): JsonObject {
  const properties = objectOf(node.properties);
  if (properties.proxyWidgets !== undefined || !Array.isArray(node.widgets_values)) return node;
  const listed = new Map(listOf(node.inputs).map((input) => [textOf(objectOf(input).name), objectOf(input)]));
  const ports = listOf(definition.inputs).filter(isObject);
  const left = ports.filter((port) => !listed.has(textOf(port.name)) && isWidgetInside(port, definition));
  if (left.length === 0) return node;
  const widgets = ports.filter(
    (port) => left.includes(port) || isObject(listed.get(textOf(port.name))?.widget),
  );
  return {
    ...node,
    // behind the others, so that wires end where they did; the list below says in which order the values are
    inputs: [...listOf(node.inputs), ...left.map(inputOf)],
    properties: { ...properties, proxyWidgets: widgets.map((port) => [OWN, textOf(port.name)]) },
  };
}

function inputOf({ name = "", type = "*" }: JsonObject): Json {
  return { name, type, widget: { name }, link: null };
}

/** Whether what a subgraph takes in goes to a widget there. */
function isWidgetInside(port: JsonObject, definition: JsonObject): boolean {
  const wires = listOf(port.linkIds);
  const inputs = listOf(definition.nodes).flatMap((node) => listOf(objectOf(node).inputs).map(objectOf));
  return inputs.some(({ widget, link }) => isObject(widget) && wires.includes(link ?? null));
}
