/** Unpacking a subgraph: its nodes in place of the one that stands for it. */

import { dropNodes, setValue, withoutUnused } from "./edit";
import { movedFields } from "./expose";
import { extentOf, fragmentOf, insertFragment } from "./fragment";
import { changeInstances } from "./ports";
import { innerWidget, OWN, promotion, promotions, withPromotionsMoved } from "./promote";
import { changeRoom, definitionAt, freeWireId, roomAt, wireInto, wiresOutOf, without } from "./room";
import { bare } from "./subgraph";
import {
  type Catalog,
  type Definition,
  type Doc,
  type DocNode,
  INPUTS,
  OUTPUTS,
  type Outcome,
  type Path,
  type Room,
  type Wire,
} from "./types";
import { afterWires } from "./wires";

/** Put the nodes of a subgraph in place of the node that stands for it, with the values that stand on that. */
export function unpack(
  doc: Doc,
  path: Path,
  catalog: Catalog,
  id: string,
): Outcome<{ readonly ids: readonly string[] }> {
  const room = roomAt(doc, path);
  const node = room?.nodes.get(id);
  const definition = node && doc.subgraphs.get(node.type);
  if (!room || !node || !definition) return { doc: null, refused: { key: "missing", params: {} } };
  const inside = withValuesOf(doc, catalog, node, definition);
  const part = fragmentOf(inside, new Set(inside.nodes.keys()), new Set(inside.groups.keys()));
  const [x, y, width, height] = extentOf(part) ?? [0, 0, 0, 0];
  const by = [
    Math.round(node.pos[0] + node.size[0] / 2 - (x + width / 2)),
    Math.round(node.pos[1] + node.size[1] / 2 - (y + height / 2)),
  ] as const;
  const alone = dropNodes(doc, path, catalog, new Set([id]));
  const isLast = withoutUnused(alone, [node.type]).subgraphs.has(node.type) === false;
  const freed = isLast ? { ...alone, subgraphs: without(alone.subgraphs, new Set([node.type])) } : alone;
  const placed = insertFragment(freed, path, part, by);
  const inner = (one: string) => placed.nodes.get(one) ?? one;
  const origin = (wire: Wire): { readonly from: string; readonly output: number } | null => {
    if (wire.from !== INPUTS) return { from: inner(wire.from), output: wire.output };
    const slot = node.inputs.findIndex((input) => input.name === definition.inputs[wire.output]?.name);
    const outside = slot < 0 ? null : wireInto(room, id, slot);
    return outside ? { from: outside.from, output: outside.output } : null;
  };
  const joined = changeRoom(placed.doc, path, (now) => {
    const wires = new Map(now.wires);
    let number = freeWireId(now);
    const add = (
      wire: Wire,
      start: { readonly from: string; readonly output: number } | null,
      to: string,
      input: number,
    ) => {
      if (start) wires.set(String(number), { ...bare(wire), ...start, id: String(number++), to, input });
    };
    for (const wire of inside.wires.values()) {
      if (wire.from === INPUTS && wire.to !== OUTPUTS) add(wire, origin(wire), inner(wire.to), wire.input);
      if (wire.to !== OUTPUTS) continue;
      for (const end of wiresOutOf(room, id, wire.input)) add(end, origin(wire), end.to, end.input);
    }
    return { ...now, wires };
  });
  const remembered = movedFields(joined, (place) => {
    const isInside =
      place.length > path.length + 1 &&
      place[path.length] === id &&
      path.every((one, at) => place[at] === one);
    const [first = "", ...rest] = place.slice(path.length + 1);
    return isInside ? [...path, inner(first), ...rest] : place;
  });
  const shown = promotedAgain(remembered, path, node, inner);
  return { doc: afterWires(shown, path, catalog), refused: null, ids: [...placed.nodes.values()] };
}

/** Widgets of an unpacked subgraph that were shown outside of the one around it: shown of the nodes themselves. */
function promotedAgain(doc: Doc, path: Path, unpacked: DocNode, inner: (id: string) => string): Doc {
  const around = definitionAt(doc, path);
  const listed = promotions(unpacked.properties) ?? [];
  if (!around) return doc;
  return changeInstances(doc, around.id, (node) =>
    withPromotionsMoved(node, (one) => {
      const source =
        one.node === unpacked.id ? listed.find((other) => other.widget === one.widget) : undefined;
      return source && source.node !== OWN ? promotion(inner(source.node), source.widget) : one;
    }),
  );
}

/** What is inside of a subgraph, with what stands on a node that stands for it. */
function withValuesOf(doc: Doc, catalog: Catalog, node: DocNode, definition: Definition): Room {
  const own = node.inputs.filter((input) => input.widget).map((input) => promotion(OWN, input.name));
  let inside: Doc = { ...doc, root: definition.room };
  for (const one of promotions(node.properties) ?? own) {
    const inner = innerWidget(doc, catalog, definition, one);
    const value = node.values[one.key];
    if (inner && value !== undefined) inside = setValue(inside, [], inner.node.id, inner.port.name, value);
  }
  if (node.mode === "always") return inside.root;
  const nodes = [...inside.root.nodes].map(
    ([id, one]) => [id, one.mode === "always" ? { ...one, mode: node.mode } : one] as const,
  );
  return { ...inside.root, nodes: new Map(nodes) };
}
