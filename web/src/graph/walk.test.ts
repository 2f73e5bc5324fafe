import { expect, test } from "vitest";
import { duplicate } from "./clipboard";
import { compare } from "./compare";
import { addNode, inputToWidget, removeNodes, setMode, setValue, widgetToInput } from "./edit";
import { formatJson, type JsonObject, parseJson } from "./json";
import { roomAt, roomsOf } from "./room";
import { CATALOG, FILES, nested, opened, ROOM } from "./samples";
import { portsOf } from "./specs";
import { makeSubgraph } from "./subgraph";
import { type Doc, INPUTS, OUTPUTS, type Outcome, type Path } from "./types";
import { unpack } from "./unpack";
import { addReroute, connect, disconnect, removeReroutes } from "./wires";
import { writeDoc } from "./write";

/** Numbers that look random and are the same each time. */
function dice(seed: number) {
  let state = seed;
  const below = (count: number) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * count);
  };
  const pick = <T>(list: readonly T[]): T | undefined => list[below(list.length)];
  return { below, pick };
}

type Dice = ReturnType<typeof dice>;
type Step = (doc: Doc, path: Path, roll: Dice) => Doc;

const kept = (doc: Doc, outcome: Outcome): Doc => outcome.doc ?? doc;
const nodesOf = (doc: Doc, path: Path) => [...(roomAt(doc, path)?.nodes.values() ?? [])];
const wiresOf = (doc: Doc, path: Path) => [...(roomAt(doc, path)?.wires.keys() ?? [])];
const TYPES = [...CATALOG.keys(), "Reroute", "PrimitiveNode", "Note"];

const STEPS: readonly Step[] = [
  (doc, path, roll) =>
    addNode(
      doc,
      path,
      CATALOG,
      { type: roll.pick(TYPES) ?? "", pos: [roll.below(900), roll.below(900)] },
      FILES,
    ).doc,
  ...Array.from({ length: 5 }, () => linkAny),
  (doc, path, roll) => disconnect(doc, path, CATALOG, [roll.pick(wiresOf(doc, path)) ?? ""]),
  (doc, path, roll) =>
    roll.below(3) ? doc : removeNodes(doc, path, CATALOG, [roll.pick(nodesOf(doc, path))?.id ?? ""]),
  (doc, path, roll) =>
    setMode(
      doc,
      path,
      [roll.pick(nodesOf(doc, path))?.id ?? ""],
      roll.pick(["muted", "bypassed"] as const) ?? "always",
    ),
  (doc, path, roll) =>
    addReroute(
      doc,
      path,
      roll.pick(wiresOf(doc, path)) ?? "",
      [roll.below(99), 0],
      roll.pick([...(roomAt(doc, path)?.reroutes.keys() ?? [])]),
    ).doc,
  (doc, path, roll) =>
    removeReroutes(doc, path, [roll.pick([...(roomAt(doc, path)?.reroutes.keys() ?? [])]) ?? ""]),
  (doc, path, roll) =>
    kept(
      doc,
      makeSubgraph(
        doc,
        path,
        CATALOG,
        nodesOf(doc, path).flatMap(({ id }) => (roll.below(3) ? [] : [id])),
        "Some",
      ),
    ),
  (doc, path, roll) =>
    kept(
      doc,
      unpack(
        doc,
        path,
        CATALOG,
        roll.pick(nodesOf(doc, path).filter((node) => doc.subgraphs.has(node.type)))?.id ?? "",
      ),
    ),
  (doc, path, roll) =>
    kept(
      doc,
      duplicate(doc, path, CATALOG, {
        nodes: nodesOf(doc, path).flatMap(({ id }) => (roll.below(6) ? [] : [id])),
      }),
    ),
  (doc, path, roll) => atWidget(doc, path, roll, (id, key) => widgetToInput(doc, path, CATALOG, id, key)),
  (doc, path, roll) => atWidget(doc, path, roll, (id, key) => inputToWidget(doc, path, CATALOG, id, key)),
  (doc, path, roll) =>
    atWidget(doc, path, roll, (id, _, name) => setValue(doc, path, id, name, roll.below(99))),
];

function atWidget(
  doc: Doc,
  path: Path,
  roll: Dice,
  change: (id: string, key: string, name: string) => Doc,
): Doc {
  const node = roll.pick(nodesOf(doc, path));
  const port = node && roll.pick(portsOf(doc, CATALOG, node).widgets);
  return node && port ? change(node.id, port.key, port.name) : doc;
}

function linkAny(doc: Doc, path: Path, roll: Dice): Doc {
  const nodes = nodesOf(doc, path);
  const isInside = path.length > 0;
  const from = isInside && !roll.below(6) ? undefined : roll.pick(nodes);
  const to = isInside && !roll.below(6) ? undefined : roll.pick(nodes);
  const ports = to ? portsOf(doc, CATALOG, to) : null;
  for (let tries = 0; tries < 6; tries++) {
    const output = from ? roll.below(portsOf(doc, CATALOG, from).outputs.length) : -1;
    const input = ports ? (roll.pick([...ports.inputs, ...ports.widgets])?.key ?? "") : "";
    const ends = { from: from?.id ?? INPUTS, output, to: to?.id ?? OUTPUTS, input };
    const outcome = connect(doc, path, CATALOG, ends);
    if (outcome.doc) return outcome.doc;
  }
  return doc;
}

/** A wire of the document one of whose ends is not there; null for none. */
function looseWire(doc: Doc): unknown {
  for (const room of roomsOf(doc)) {
    for (const wire of room.wires.values()) {
      const isFrom = wire.from === INPUTS || room.nodes.has(wire.from);
      const isTo = wire.to === OUTPUTS || room.nodes.get(wire.to)?.inputs[wire.input] !== undefined;
      if (!isFrom || !isTo) return wire;
    }
  }
  return null;
}

test.each([1, 2, 3])("whatever is done to a document, it is opened again as it was saved (%s)", (seed) => {
  const roll = dice(seed);
  let doc = opened(nested());
  for (let count = 0; count < 60; count++) {
    const rooms = nodesOf(doc, []).filter((node) => doc.subgraphs.has(node.type));
    const path = roll.below(3) ? [] : [roll.pick(rooms)?.id ?? []].flat();
    doc = (roll.pick(STEPS) ?? linkAny)(doc, path, roll);
    expect(looseWire(doc)).toBeNull();
    const json = parseJson(formatJson(writeDoc(doc, CATALOG))) as JsonObject;
    const again = opened(json);
    expect(compare(doc, again)).toEqual([]);
    expect(writeDoc(again, CATALOG)).toEqual(json);
    if (!roll.below(4)) doc = again;
  }
  expect(doc.subgraphs.has(ROOM) || doc.root.nodes.size > 0).toBe(true);
});
