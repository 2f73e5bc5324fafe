import { expect, test } from "vitest";
import { apiId, nodeOf, placeOf } from "./apiIds";
import { copy, duplicate, pasteJson, recognise } from "./clipboard";
import { addNode, removeNodes, setControl, setMode, setValue } from "./edit";
import { expose, formOf, hide, moveField, readForm, setField, writeForm } from "./expose";
import { groupAround } from "./groups";
import { formatJson, type JsonObject, listOf, objectOf } from "./json";
import { addRoomOutput, promote, removeRoomPort, renameSubgraph } from "./ports";
import { innerWidget, promotion } from "./promote";
import { definitionAt, nodeAt, roomAt, wireInto, wiring } from "./room";
import {
  CATALOG,
  CHECKPOINT,
  DECODER,
  END,
  LATENT,
  NEGATIVE,
  nested,
  opened,
  PROMPT,
  ROOM,
  SAMPLER,
  template,
} from "./samples";
import { portAt, portsOf, widgetValue } from "./specs";
import { makeSubgraph, publish } from "./subgraph";
import { type Doc, INPUTS, OUTPUTS, type Outcome } from "./types";
import { unpack } from "./unpack";
import { connect, disconnect } from "./wires";
import { writeDoc } from "./write";

const basic = () => opened(template("text-to-image"));

function done<T>(outcome: Outcome<T>): { readonly doc: Doc } & T {
  if (outcome.refused) throw new Error(outcome.refused.key);
  return outcome;
}

function made(ids = [PROMPT, NEGATIVE, SAMPLER]) {
  return done(makeSubgraph(basic(), [], CATALOG, ids, "Work"));
}

/** What every input of the document's nodes gets in the end, subgraphs looked through. */
function meaning(doc: Doc): readonly string[] {
  const found: string[] = [];
  const name = (path: readonly string[], id: string) =>
    nodeAt(doc, path, id)?.title || nodeAt(doc, path, id)?.type;
  const visit = (path: readonly string[]) => {
    for (const node of roomAt(doc, path)?.nodes.values() ?? []) {
      if (doc.subgraphs.has(node.type)) visit([...path, node.id]);
      else {
        node.inputs.forEach((input, slot) => {
          const start = origin(doc, path, node.id, slot);
          if (start)
            found.push(
              `${name(start.path, start.id)} ${start.output} > ${name(path, node.id)} ${input.name}`,
            );
        });
      }
    }
  };
  visit([]);
  return found.sort();
}

function origin(
  doc: Doc,
  path: readonly string[],
  id: string,
  slot: number,
): { path: readonly string[]; id: string; output: number } | null {
  const room = roomAt(doc, path);
  const wire = room && wireInto(room, id, slot);
  if (!room || !wire) return null;
  if (wire.from === INPUTS) {
    const outer = path.slice(0, -1);
    const instance = path.at(-1) ?? "";
    const port = definitionAt(doc, path)?.inputs[wire.output];
    const place = nodeAt(doc, outer, instance)?.inputs.findIndex((input) => input.name === port?.name) ?? -1;
    return origin(doc, outer, instance, place);
  }
  const node = room.nodes.get(wire.from);
  if (node && doc.subgraphs.has(node.type)) return origin(doc, [...path, wire.from], OUTPUTS, wire.output);
  return { path, id: wire.from, output: wire.output };
}

test("a subgraph of some nodes means what they meant, and unpacking gives them back", () => {
  const before = basic();
  const { doc, id } = made();
  expect(doc.root.nodes.size).toBe(5);
  expect(meaning(doc)).toEqual(meaning(before));
  const instance = doc.root.nodes.get(id);
  expect(instance?.inputs.map((input) => input.type).sort()).toEqual(["CLIP", "LATENT", "MODEL"]);
  expect(instance?.outputs.map((output) => output.type)).toEqual(["LATENT"]);
  const back = done(unpack(doc, [], CATALOG, id));
  expect(meaning(back.doc)).toEqual(meaning(before));
  expect([...back.doc.root.nodes.keys()].sort()).toEqual([...before.root.nodes.keys()].sort());
  expect(back.doc.subgraphs.size).toBe(0);
  expect(back.doc.root.nodes.get(SAMPLER)?.pos).toEqual(before.root.nodes.get(SAMPLER)?.pos);
});

test("a subgraph is saved as editors have it, and is the same when it is opened again", () => {
  const { doc, id } = made();
  const json = writeDoc(doc, CATALOG);
  const again = opened(json);
  expect(meaning(again)).toEqual(meaning(doc));
  expect(writeDoc(again, CATALOG)).toEqual(json);
  const [definition] = objectOf(json.definitions).subgraphs as JsonObject[];
  expect(definition).toMatchObject({
    version: 1,
    name: "Work",
    state: { lastNodeId: 5, lastLinkId: expect.any(Number) },
    inputNode: { id: -10, bounding: expect.any(Array) },
    outputNode: { id: -20 },
    outputs: [{ name: "LATENT", type: "LATENT", linkIds: [expect.any(Number)] }],
  });
  expect(listOf(definition?.links)[0]).toHaveProperty("origin_id");
  expect((json.nodes as JsonObject[]).at(-1)).toMatchObject({ id: Number(id), type: definition?.id });
  expect(json.version).toBe(0.4);
});

test("a wire to a widget inside becomes an input that is a widget as well", () => {
  const primitive = addNode(basic(), [], CATALOG, {
    type: "PrimitiveInt",
    pos: [0, 0],
    values: { value: 9 },
  });
  const fed = done(
    connect(primitive.doc, [], CATALOG, { from: primitive.id, output: 0, to: SAMPLER, input: "steps" }),
  );
  const { doc, id } = done(makeSubgraph(fed.doc, [], CATALOG, [SAMPLER], "Work"));
  const node = doc.root.nodes.get(id);
  const port = node && portsOf(doc, CATALOG, node).widgets[0];
  expect(port).toMatchObject({ key: "steps", type: "INT", spec: { minimum: 1 } });
  expect(node && port && widgetValue(node, port)).toBe(20);
});

test("the values on a subgraph's node go inside when it is unpacked, and its mode", () => {
  const doc = setMode(opened(nested()), [], ["57"], "muted");
  const back = done(unpack(doc, [], CATALOG, "57"));
  const latent = [...back.doc.root.nodes.values()].find((node) => node.type === "EmptyLatentImage");
  expect(latent).toMatchObject({ values: { width: 64, height: 256, batch_size: 1 }, mode: "muted" });
  expect(wiring(back.doc.root).into.get("9")?.get(0)?.from).toBe(latent?.id);
});

test("nodes of a subgraph that stands twice get numbers of their own when one is unpacked", () => {
  const { doc, id } = made();
  const twice = done(duplicate(doc, [], CATALOG, { nodes: [id] }));
  expect(twice.doc.subgraphs.size).toBe(1);
  const back = done(unpack(twice.doc, [], CATALOG, id));
  expect(back.doc.subgraphs.size).toBe(1);
  expect(back.ids).not.toContain(SAMPLER);
  expect(wireInto(back.doc.root, DECODER, 0)?.from).toBe(
    back.ids.find((one) => back.doc.root.nodes.get(one)?.type === "KSampler"),
  );
});

test("subgraphs are made inside of subgraphs, and what they showed outside is shown still", () => {
  const doc = opened(nested());
  const inner = done(makeSubgraph(doc, ["57"], CATALOG, ["3"], "Deep"));
  const outer = inner.doc.root.nodes.get("57");
  expect(outer?.properties.proxyWidgets).toContainEqual([inner.id, "height"]);
  const port = outer && portAt(inner.doc, CATALOG, outer, `${inner.id}:height`);
  expect(outer && port && widgetValue(outer, port)).toBe(256);
  const width = outer && portAt(inner.doc, CATALOG, outer, "width");
  expect(width?.spec?.name).toBe("width");
  const back = done(unpack(inner.doc, ["57"], CATALOG, inner.id));
  expect(back.doc.root.nodes.get("57")?.properties.proxyWidgets).toContainEqual(["3", "height"]);
});

test("widgets from inside are drawn outside with their limits, values and controls", () => {
  const doc = opened(nested());
  const node = doc.root.nodes.get("57");
  const widgets = node ? portsOf(doc, CATALOG, node).widgets : [];
  expect(
    node && widgets.map((port) => [port.key, port.label, widgetValue(node, port), port.control]),
  ).toEqual([
    ["width", "Width", 64, null],
    ["3:height", "height", 256, null],
    ["4:seed", "seed", 12, "increment"],
  ]);
  const shown = promote(doc, [], "57", promotion("4", "steps"), true);
  expect(shown.root.nodes.get("57")?.properties.proxyWidgets).toHaveLength(5);
  const hidden = promote(shown, [], "57", promotion("4", "steps"), false);
  expect(writeDoc(hidden, CATALOG)).toEqual(nested());
  const steered = setControl(
    promote(doc, [], "57", promotion("4", "control_after_generate"), false),
    [],
    "57",
    "4:seed",
    "randomize",
  );
  expect(opened(writeDoc(steered, CATALOG)).root.nodes.get("57")?.controls["4:seed"]).toBe("randomize");
});

test("other editors read a value for every widget shown outside, up to the last one that is set there", () => {
  const values = (doc: Doc) => {
    const nodes = listOf(writeDoc(doc, CATALOG).nodes).map(objectOf);
    return nodes.find((node) => node.id === 57)?.widgets_values;
  };
  const doc = opened(nested());
  const set = setValue(doc, [], "57", "4:seed", 13);
  expect(values(set)).toEqual([64, 256, 13, "increment"]);
  const inside = setValue(set, ["57"], "3", "height", 512);
  expect(values(inside)).toEqual([64, 512, 13, "increment"]);
  const steps = promote(doc, [], "57", promotion("4", "steps"), true);
  const width = setValue(steps, [], "57", "width", 96);
  expect(values(width)).toEqual([96, 256, 12, "increment"]);
});

test("a widget that an editor left out of a subgraph's node, since no wire goes to it, has its value", () => {
  const json = structuredClone(nested()) as { nodes: JsonObject[] } & JsonObject;
  const left = { ...json.nodes[0], inputs: [], properties: {}, widgets_values: [96] };
  const doc = opened({ ...json, nodes: [left, ...json.nodes.slice(1)] });
  const node = doc.root.nodes.get("57");
  const widgets = node ? portsOf(doc, CATALOG, node).widgets : [];
  expect(node && widgets.map((port) => [port.key, widgetValue(node, port)])).toEqual([["width", 96]]);
  const changed = opened(writeDoc(setValue(doc, [], "57", "width", 80), CATALOG));
  expect(changed.root.nodes.get("57")?.values).toEqual({ width: 80 });
});

test("a wire to a widget from inside makes an input of it", () => {
  const primitive = addNode(opened(nested()), [], CATALOG, { type: "PrimitiveInt", pos: [0, 0] });
  const { doc } = done(
    connect(primitive.doc, [], CATALOG, { from: primitive.id, output: 0, to: "57", input: "3:height" }),
  );
  const node = doc.root.nodes.get("57");
  expect(node?.inputs.map((input) => input.name)).toEqual(["width", "height"]);
  expect(node?.properties.proxyWidgets).toEqual([
    ["-1", "width"],
    ["-1", "height"],
    ["4", "seed"],
    ["4", "control_after_generate"],
  ]);
  const definition = doc.subgraphs.get(ROOM);
  expect(definition && innerWidget(doc, CATALOG, definition, promotion("-1", "height"))?.node.id).toBe("3");
});

test("inputs and outputs of a subgraph are added by wires and removed on both sides", () => {
  const { doc, id } = made();
  const inside = [id];
  const grown = done(
    connect(doc, inside, CATALOG, { from: INPUTS, output: -1, to: SAMPLER, input: "steps" }),
  );
  const node = grown.doc.root.nodes.get(id);
  expect(node?.inputs.at(-1)).toMatchObject({ name: "steps", type: "INT", widget: "steps" });
  const out = done(connect(grown.doc, inside, CATALOG, { from: PROMPT, output: 0, to: OUTPUTS, input: "" }));
  expect(out.doc.root.nodes.get(id)?.outputs.map((output) => output.name)).toEqual([
    "LATENT",
    "CONDITIONING",
  ]);
  const before = meaning(doc);
  const back = removeRoomPort(removeRoomPort(out.doc, inside, "inputs", 3), inside, "outputs", 1);
  expect(meaning(back)).toEqual(before);
  expect(removeRoomPort(doc, inside, "inputs", 0).root.nodes.get(id)?.inputs).toHaveLength(2);
  expect(meaning(removeRoomPort(doc, inside, "inputs", 0)).length).toBeLessThan(before.length);
  expect(renameSubgraph(doc, inside, "Other").subgraphs.values().next().value?.name).toBe("Other");
  expect(addRoomOutput(doc, [], CATALOG, PROMPT, 0).place).toBe(-1);
});

test("a subgraph of the document is added as a node like any other", () => {
  const { doc, id } = addNode(opened(nested()), [], CATALOG, { type: ROOM, pos: [0, 0] });
  const node = doc.root.nodes.get(id);
  expect(node?.inputs).toMatchObject([{ name: "width", widget: "width", label: "Width" }]);
  expect(node && portsOf(doc, CATALOG, node).widgets.map((port) => widgetValue(node, port))).toEqual([512]);
});

test("only wires that would be a circle without subgraphs are refused", () => {
  const before = basic();
  const { doc, id } = done(makeSubgraph(before, [], CATALOG, [PROMPT, DECODER], "Both ends"));
  const node = doc.root.nodes.get(id);
  const words = node?.outputs.findIndex((output) => output.type === "CONDITIONING") ?? -1;
  const wire = [...doc.root.wires.values()].find((one) => one.from === id && one.output === words);
  const cut = disconnect(doc, [], CATALOG, [wire?.id ?? ""]);
  const again = done(connect(cut, [], CATALOG, { from: id, output: words, to: SAMPLER, input: "positive" }));
  expect(meaning(again.doc)).toEqual(meaning(before));
  const one = addNode(again.doc, [], CATALOG, { type: "ImageInvert", pos: [0, 0] });
  const through = done(makeSubgraph(one.doc, [], CATALOG, [one.id], "Through"));
  const open = done(
    connect(through.doc, [through.id], CATALOG, { from: INPUTS, output: -1, to: one.id, input: "image" }),
  );
  const full = done(
    connect(open.doc, [through.id], CATALOG, { from: one.id, output: 0, to: OUTPUTS, input: "" }),
  );
  const two = addNode(full.doc, [], CATALOG, { type: "ImageInvert", pos: [0, 0] });
  const on = done(connect(two.doc, [], CATALOG, { from: through.id, output: 0, to: two.id, input: "image" }));
  const back = connect(on.doc, [], CATALOG, { from: two.id, output: 0, to: through.id, input: "image" });
  expect(back.refused?.key).toBe("cycle");
});

test("the last node of a subgraph takes the definition with it", () => {
  const { doc, id } = made();
  expect(removeNodes(doc, [], CATALOG, [id]).subgraphs.size).toBe(0);
});

test("what is copied is pasted with its wires and groups, under new numbers, where it is wanted", () => {
  const grouped = groupAround(basic(), [], [PROMPT, SAMPLER], "Work");
  const text = copy(grouped.doc, [], CATALOG, { nodes: [PROMPT, SAMPLER], groups: [grouped.id] });
  const pasted = recognise(text);
  expect(pasted.kind).toBe("nodes");
  const json = pasted.kind === "nothing" ? {} : pasted.json;
  const other = opened(template("image-to-image"));
  const { doc, nodes, groups } = done(pasteJson(other, [], CATALOG, json, { at: [1000, 2000] }));
  expect(doc.root.nodes.size).toBe(other.root.nodes.size + 2);
  expect(doc.root.wires.size).toBe(other.root.wires.size + 1);
  expect(doc.root.groups.get(groups[0] ?? "")?.box.slice(0, 2)).toEqual([1000, 2000]);
  const copied = nodes.map((id) => doc.root.nodes.get(id));
  expect(copied.map((node) => node?.values.text ?? node?.values.cfg)).toEqual(["a picture of a cat", 5]);
  expect(opened(writeDoc(doc, CATALOG)).root.wires.size).toBe(doc.root.wires.size);
});

test("what is pasted again at the same place does not hide what was pasted before", () => {
  const pasted = recognise(copy(basic(), [], CATALOG, { nodes: [DECODER] }));
  const json = pasted.kind === "nothing" ? {} : pasted.json;
  const placed = [undefined, undefined, [1000, 2000], [1000, 2000]] as const;
  let doc = basic();
  const places = placed.map((at) => {
    const made = done(pasteJson(doc, [], CATALOG, json, { at }));
    doc = made.doc;
    return doc.root.nodes.get(made.nodes[0] ?? "")?.pos.join();
  });
  expect(new Set(places).size).toBe(placed.length);
  expect(places[2]).toBe("1000,2030"); // below its title
});

test("a copy can keep getting what its original gets", () => {
  const { doc, nodes } = done(duplicate(basic(), [], CATALOG, { nodes: [DECODER] }));
  const [id = ""] = nodes;
  expect(wireInto(doc.root, id, 0)?.from).toBe(SAMPLER);
  expect(wireInto(doc.root, id, 1)?.from).toBe(CHECKPOINT);
});

test("a subgraph that is pasted where another of its name is becomes one of its own", () => {
  const doc = opened(nested());
  const text = copy(doc, [], CATALOG, { nodes: ["57"] });
  const changed = setValue(doc, ["57"], "3", "height", 999);
  const json = recognise(text);
  const paste = (into: Doc) =>
    json.kind === "nothing" ? null : done(pasteJson(into, [], CATALOG, json.json));
  expect(paste(doc)?.doc.subgraphs.size).toBe(1);
  expect(paste(changed)?.doc.subgraphs.size).toBe(2);
  const refused = json.kind === "nothing" ? null : pasteJson(doc, ["57"], CATALOG, json.json);
  expect(refused?.refused?.key).toBe("inside-itself");
});

test("a published subgraph is a document of one node, which another takes in", () => {
  const { doc, id } = made();
  const json = publish(doc, [], CATALOG, id);
  expect(json?.nodes).toHaveLength(1);
  expect(json?.links).toEqual([]);
  expect(publish(doc, [], CATALOG, END)).toBeNull();
  const { doc: other, nodes } = done(pasteJson(basic(), [], CATALOG, json ?? {}, { at: [0, 0] }));
  const node = other.root.nodes.get(nodes[0] ?? "");
  expect(
    node &&
      portsOf(other, CATALOG, node)
        .inputs.map((port) => port.type)
        .sort(),
  ).toEqual(["CLIP", "LATENT", "MODEL"]);
});

test("foreign text is told apart", () => {
  expect(recognise("a picture of a cat").kind).toBe("nothing");
  expect(recognise("[1, 2]").kind).toBe("nothing");
  expect(recognise(formatJson(template("text-to-image"))).kind).toBe("document");
  expect(recognise(formatJson(template("text-to-image.api"))).kind).toBe("api");
});

test("a form shows the widgets it names, sets them, and keeps up with subgraphs", () => {
  let doc = expose(expose(basic(), [], PROMPT, "text", "What to show"), [], SAMPLER, "seed");
  doc = expose(doc, [], LATENT, "width");
  expect(expose(doc, [], PROMPT, "text")).toBe(doc);
  expect(formOf(doc, CATALOG).shown.map((field) => [field.label, field.value])).toEqual([
    ["What to show", "a picture of a cat"],
    ["seed", 42],
    ["width", 128],
  ]);
  const [words] = readForm(doc).fields;
  const { doc: deep } = done(makeSubgraph(doc, [], CATALOG, [PROMPT, SAMPLER], "Work"));
  const set = words && setField(deep, CATALOG, readForm(deep).fields[0] ?? words, "a dog");
  expect(set && formOf(set, CATALOG).shown[0]?.value).toBe("a dog");
  const written = opened(writeDoc(writeForm(doc, { ...readForm(doc), title: "Cats" }), CATALOG));
  expect(readForm(written)).toMatchObject({
    title: "Cats",
    fields: [{ path: [PROMPT], widget: "text" }, {}, {}],
  });
  expect(readForm(moveField(doc, 2, 0)).fields.map((one) => one.widget)).toEqual(["width", "text", "seed"]);
  expect(readForm(hide(doc, [], SAMPLER, "seed")).fields).toHaveLength(2);
  expect(formOf(removeNodes(doc, [], CATALOG, [PROMPT]), CATALOG).shown).toHaveLength(2);
});

test("a field whose widget a subgraph shows outside is set there, since that is what counts", () => {
  const doc = expose(expose(opened(nested()), ["57"], "3", "height"), ["57"], "3", "width");
  const [height, width] = readForm(doc).fields;
  const set = height && width && setField(setField(doc, CATALOG, height, 100), CATALOG, width, 80);
  expect(set?.root.nodes.get("57")?.values).toMatchObject({ "3:height": 100, width: 80 });
  expect(set?.subgraphs).toBe(doc.subgraphs);
});

test("ids of the server lead to nodes", () => {
  const doc = opened(nested());
  expect(apiId(["57"], "3")).toBe("57:3");
  expect(placeOf("57:3")).toEqual({ path: ["57"], id: "3" });
  expect(nodeOf(doc, "57:3")?.type).toBe("EmptyLatentImage");
  expect(nodeOf(doc, "57:99")).toBeNull();
});
