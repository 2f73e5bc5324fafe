/** What a field of the form is called until a person names it. */

import { readForm } from "@/graph/expose";
import { nodeAt, roomAt } from "@/graph/room";
import { keyOf, portsOf, specOf } from "@/graph/specs";
import type { Catalog, Doc, Path } from "@/graph/types";
import { nodeTitle, shownName } from "../names";

/**
 * The widget's name; for the only setting of a node that has a title, the title, such as "Negative prompt"; for a text
 * that a node passes on, what it is used as, such as "Positive". What another field is called gets the node's title.
 */
export function suggestedLabel(doc: Doc, path: Path, catalog: Catalog, id: string, widget: string): string {
  const node = nodeAt(doc, path, id);
  const room = roomAt(doc, path);
  if (!node || !room) return capital(shownName(widget));
  const { widgets } = portsOf(doc, catalog, node);
  const port = widgets.find(({ name }) => name === widget);
  const plain = capital(shownName(port?.label ?? widget));
  if (node.title && widgets.length === 1) return node.title;
  const wire = port?.spec?.multiline ? [...room.wires.values()].find(({ from }) => from === id) : undefined;
  const target = wire && room.nodes.get(wire.to);
  if (wire && target) return capital(shownName(keyOf(target.inputs, wire.input)));
  const isTaken = readForm(doc).fields.some(({ label }) => label === plain);
  return isTaken ? `${nodeTitle(node, specOf(doc, catalog, node))}: ${plain}` : plain;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
