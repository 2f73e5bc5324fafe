import { expect, test } from "vitest";
import { align, distribute } from "./arrange";
import {
  addNode,
  collapse,
  inputToWidget,
  moveNodes,
  pin,
  removeNodes,
  setColor,
  setControl,
  setMode,
  setTitle,
  setValue,
  widgetToInput,
} from "./edit";
import {
  addGroup,
  contentsOf,
  fitGroup,
  groupAround,
  recolorGroup,
  removeGroups,
  renameGroup,
} from "./groups";
import { amend, record, redo, redoLabel, seal, startHistory, undo, undoLabel } from "./history";
import { type JsonObject, objectOf } from "./json";
import { emptyDoc } from "./read";
import { wireInto, wiring } from "./room";
import {
  CATALOG,
  CHECKPOINT,
  DECODER,
  END,
  FILES,
  LATENT,
  nested,
  opened,
  PROMPT,
  SAMPLER,
  template,
} from "./samples";
import { catalogOf, portAt, portsOf, widgetValue } from "./specs";
import type { Doc, Path } from "./types";
import { addReroute, chainOf, connect, disconnect, fedBy, moveReroutes, removeReroutes } from "./wires";
import { writeDoc } from "./write";

const ROOT: Path = [];
const basic = () => opened(template("text-to-image"));

function linked(doc: Doc, from: string, output: number, to: string, input: string, path = ROOT): Doc {
  const outcome = connect(doc, path, CATALOG, { from, output, to, input });
  if (outcome.refused) throw new Error(outcome.refused.key);
  return outcome.doc;
}

/** Without the wires that come from a node. */
function loosened(doc: Doc, from: string): Doc {
  const wires = [...doc.root.wires.values()].filter((wire) => wire.from === from);
  return disconnect(
    doc,
    ROOT,
    CATALOG,
    wires.map(({ id }) => id),
  );
}

function added(doc: Doc, type: string, path = ROOT) {
  return addNode(doc, path, CATALOG, { type, pos: [0, 0] }, FILES);
}

test("the text-to-image workflow is built from nothing, and opens as what it is", () => {
  let doc = emptyDoc();
  const ids: Record<string, string> = {};
  for (const type of [
    "CheckpointLoaderSimple",
    "CLIPTextEncode",
    "EmptyLatentImage",
    "KSampler",
    "VAEDecode",
    "SaveImage",
  ]) {
    const made = added(doc, type);
    doc = made.doc;
    ids[type] = made.id;
  }
  const id = (type: string) => ids[type] ?? "";
  doc = linked(doc, id("CheckpointLoaderSimple"), 0, id("KSampler"), "model");
  doc = linked(doc, id("CheckpointLoaderSimple"), 1, id("CLIPTextEncode"), "clip");
  doc = linked(doc, id("CLIPTextEncode"), 0, id("KSampler"), "positive");
  doc = linked(doc, id("CLIPTextEncode"), 0, id("KSampler"), "negative");
  doc = linked(doc, id("EmptyLatentImage"), 0, id("KSampler"), "latent_image");
  doc = linked(doc, id("KSampler"), 0, id("VAEDecode"), "samples");
  doc = linked(doc, id("CheckpointLoaderSimple"), 2, id("VAEDecode"), "vae");
  doc = linked(doc, id("VAEDecode"), 0, id("SaveImage"), "images");
  const json = writeDoc(doc, CATALOG);
  expect(json).toMatchObject({ version: 0.4, last_node_id: 6, last_link_id: 8 });
  expect(json.links).toContainEqual([8, 5, 0, 6, 0, "IMAGE"]);
  const sampler = objectOf((json.nodes as never[])[3]);
  expect(sampler.widgets_values).toEqual([0, "randomize", 20, 8, "euler", "simple", 1]);
  expect(sampler.outputs).toEqual([{ name: "LATENT", type: "LATENT", links: [6] }]);
  const loader = objectOf((json.nodes as never[])[0]);
  expect(loader).toMatchObject({
    id: 1,
    mode: 0,
    flags: {},
    order: 0,
    widgets_values: ["starter.safetensors"],
  });
  expect(opened(json).root.wires).toHaveLength(8);
});

test("a seed of a new node is drawn for each run, and any other number stays as it is", () => {
  const port = (name: string) => ({ name, type: "INT", default: 3, control_after_generate: true });
  const catalog = catalogOf([
    { class_type: "Numbers", title: "Numbers", inputs: [port("seed"), port("value")], outputs: [] },
  ]);
  const { doc, id } = addNode(emptyDoc(), [], catalog, { type: "Numbers", pos: [0, 0] });
  expect(doc.root.nodes.get(id)?.controls).toEqual({ seed: "randomize", value: "fixed" });
});

test("an edit leaves all other nodes and the maps beside them the same objects", () => {
  const doc = basic();
  const changed = setValue(doc, ROOT, SAMPLER, "cfg", 3);
  for (const [id, node] of doc.root.nodes) expect(changed.root.nodes.get(id) === node).toBe(id !== SAMPLER);
  expect(changed.root.wires).toBe(doc.root.wires);
  expect(setValue(changed, ROOT, SAMPLER, "cfg", 3)).toBe(changed);
  expect(moveNodes(doc, ROOT, new Map([[SAMPLER, doc.root.nodes.get(SAMPLER)?.pos ?? [0, 0]]]))).toBe(doc);
  const deep = opened(nested());
  const inside = setValue(deep, ["57"], "3", "height", 8);
  expect(inside.root).toBe(deep.root);
});

test("a wire to an input takes the place of the one that was there", () => {
  const doc = basic();
  const second = added(doc, "CheckpointLoaderSimple");
  const changed = linked(second.doc, second.id, 0, SAMPLER, "model");
  const port = portAt(changed, CATALOG, changed.root.nodes.get(SAMPLER) as never, "model");
  expect(wireInto(changed.root, SAMPLER, port?.slot ?? null)?.from).toBe(second.id);
  expect(changed.root.wires.size).toBe(doc.root.wires.size);
  expect(linked(changed, second.id, 0, SAMPLER, "model")).toBe(changed);
});

test("a widget gets a socket while it is linked, and keeps its value", () => {
  const { doc, id } = added(basic(), "PrimitiveInt");
  const changed = linked(doc, id, 0, LATENT, "height");
  const node = changed.root.nodes.get(LATENT);
  expect(node?.inputs).toMatchObject([{ name: "height", widget: "height", type: "INT" }]);
  expect(node?.values.height).toBe(128);
  expect(inputToWidget(changed, ROOT, CATALOG, LATENT, "height")).toBe(changed);
  const json = writeDoc(changed, CATALOG);
  const written = (json.nodes as JsonObject[]).find((one) => String(one.id) === LATENT);
  expect(written?.inputs).toEqual([{ name: "height", type: "INT", widget: { name: "height" }, link: 10 }]);
  const free = inputToWidget(loosened(changed, id), ROOT, CATALOG, LATENT, "height");
  expect(free.root.nodes.get(LATENT)?.inputs).toEqual([]);
  expect(widgetToInput(free, ROOT, CATALOG, LATENT, "width").root.nodes.get(LATENT)?.inputs).toHaveLength(1);
});

test("taking a socket away moves the wires of those after it", () => {
  const { doc, id } = added(basic(), "PrimitiveInt");
  const both = widgetToInput(doc, ROOT, CATALOG, LATENT, "width");
  const changed = inputToWidget(linked(both, id, 0, LATENT, "height"), ROOT, CATALOG, LATENT, "width");
  expect(wiring(changed.root).into.get(LATENT)?.get(0)?.from).toBe(id);
});

test("removed nodes take their wires with them, and their numbers are not given again", () => {
  const doc = removeNodes(basic(), ROOT, CATALOG, [END]);
  expect(doc.root.wires.size).toBe(8);
  expect(added(doc, "SaveImage").id).toBe("8");
  const json = writeDoc(doc, CATALOG);
  expect(json.links).toHaveLength(8);
  const decoder = (json.nodes as JsonObject[]).find((node) => String(node.id) === DECODER);
  expect(decoder?.outputs).toEqual([{ name: "IMAGE", type: "IMAGE", links: [] }]);
});

test("a new node does not catch a wire that leads nowhere", () => {
  expect(Number(added(opened(nested()), "SaveImage").id)).toBeGreaterThan(777);
});

test("looks and modes are written as editors write them", () => {
  let doc = setMode(basic(), ROOT, [PROMPT, SAMPLER], "bypassed");
  doc = setColor(doc, ROOT, [PROMPT], "#232", "#353");
  doc = collapse(doc, ROOT, [PROMPT], true);
  doc = pin(doc, ROOT, [PROMPT], true);
  doc = setTitle(doc, ROOT, PROMPT, "Words");
  const nodes = writeDoc(doc, CATALOG).nodes as JsonObject[];
  const written = nodes.find((node) => String(node.id) === PROMPT);
  expect(written).toMatchObject({ mode: 4, color: "#232", bgcolor: "#353", title: "Words" });
  expect(written?.flags).toEqual({ collapsed: true, pinned: true });
  const back = collapse(
    setMode(setColor(doc, ROOT, [PROMPT], "", ""), ROOT, [PROMPT], "muted"),
    ROOT,
    [PROMPT],
    false,
  );
  const again = (writeDoc(back, CATALOG).nodes as JsonObject[]).find((node) => String(node.id) === PROMPT);
  expect(again).toMatchObject({ mode: 2, flags: { pinned: true } });
  expect(again).not.toHaveProperty("color");
  expect(moveNodes(back, ROOT, new Map([[PROMPT, [9, 9]]]))).toBe(back);
});

test("reroutes take the type of what they get, and refuse what comes after them would not take", () => {
  const one = added(basic(), "Reroute");
  const two = added(one.doc, "Reroute");
  let doc = linked(two.doc, one.id, 0, two.id, "");
  doc = linked(doc, two.id, 0, DECODER, "samples");
  const wrong = connect(doc, ROOT, CATALOG, { from: CHECKPOINT, output: 2, to: one.id, input: "" });
  expect(wrong.refused).toEqual({ key: "types", params: { given: "VAE", wanted: "LATENT" } });
  doc = linked(doc, SAMPLER, 0, one.id, "");
  expect(doc.root.nodes.get(two.id)?.outputs[0]?.type).toBe("LATENT");
  expect([...doc.root.wires.values()].filter((wire) => wire.from === two.id)[0]?.type).toBe("LATENT");
  const nodes = writeDoc(doc, CATALOG).nodes as JsonObject[];
  expect(nodes.find((node) => String(node.id) === one.id)?.inputs).toEqual([
    { name: "", type: "*", link: expect.any(Number) },
  ]);
});

test("a primitive becomes what it feeds, with its value, and is nothing again without a wire", () => {
  const { doc, id } = added(basic(), "PrimitiveNode");
  const fed = linked(doc, id, 0, SAMPLER, "steps");
  const node = fed.root.nodes.get(id);
  expect(node).toMatchObject({
    values: { value: 20 },
    controls: { value: "fixed" },
    outputs: [{ type: "INT" }],
  });
  expect(node && fedBy(fed, ROOT, CATALOG, node)?.port.name).toBe("steps");
  const written = (writeDoc(fed, CATALOG).nodes as JsonObject[]).find((one) => String(one.id) === id);
  expect(written?.widgets_values).toEqual([20, "fixed"]);
  const loose = loosened(fed, id);
  expect(loose.root.nodes.get(id)?.outputs[0]?.type).toBe("*");
});

test("waypoints stand on a wire in order, move, and go without breaking it", () => {
  const doc = basic();
  const wire = [...doc.root.wires.values()].find((one) => one.to === DECODER)?.id ?? "";
  const last = addReroute(doc, ROOT, wire, [500, 0]);
  const first = addReroute(last.doc, ROOT, wire, [400, 0], last.id);
  const line = first.doc.root.wires.get(wire);
  expect(line && chainOf(first.doc.root, line)).toEqual([first.id, last.id]);
  const json = writeDoc(moveReroutes(first.doc, ROOT, new Map([[last.id, [510, 5]]])), CATALOG);
  expect(json.extra).toEqual({
    reroutes: [
      { id: 1, pos: [510, 5], parentId: 2, linkIds: [Number(wire)] },
      { id: 2, pos: [400, 0], linkIds: [Number(wire)] },
    ],
    linkExtensions: [{ id: Number(wire), parentId: 1 }],
  });
  expect(opened(json).root.wires.get(wire)?.reroute).toBe("1");
  expect(removeReroutes(first.doc, ROOT, [last.id]).root.wires.get(wire)?.reroute).toBe(first.id);
  expect(disconnect(first.doc, ROOT, CATALOG, [wire]).root.reroutes.size).toBe(0);
  expect(writeDoc(removeReroutes(first.doc, ROOT, [first.id, last.id]), CATALOG)).toEqual(
    writeDoc(doc, CATALOG),
  );
});

test("a group is laid around nodes, named, coloured and fitted", () => {
  const { doc, id } = groupAround(basic(), ROOT, [PROMPT, SAMPLER], "Work");
  const group = doc.root.groups.get(id);
  expect(group && contentsOf(doc.root, group).nodes).toContain(SAMPLER);
  const named = recolorGroup(renameGroup(doc, ROOT, id, "Other"), ROOT, id, "#a00");
  const written = writeDoc(fitGroup(named, ROOT, id), CATALOG).groups;
  expect(written).toMatchObject([{ id: 1, title: "Other", color: "#a00" }]);
  expect(removeGroups(named, ROOT, [id]).root.groups.size).toBe(0);
});

test("a folded group of an older file keeps having no number", () => {
  const { doc } = addGroup(
    renameGroup(opened(nested()), ROOT, "unnumbered 1", "New"),
    ROOT,
    [0, 0, 5, 5],
    "More",
  );
  expect(writeDoc(doc, CATALOG).groups).toMatchObject([
    { id: 1 },
    { title: "New", bounding: [0, 0, 10, 10] },
    { id: 2 },
  ]);
  expect((writeDoc(doc, CATALOG).groups as JsonObject[])[1]).not.toHaveProperty("id");
});

test("nodes line up at an edge and spread evenly", () => {
  const doc = moveNodes(
    basic(),
    ROOT,
    new Map([
      [PROMPT, [0, 0]],
      [SAMPLER, [13, 500]],
      [END, [90, 2000]],
    ]),
  );
  const lined = align(doc, ROOT, [PROMPT, SAMPLER, END], "left");
  expect([PROMPT, SAMPLER, END].map((id) => lined.root.nodes.get(id)?.pos[0])).toEqual([0, 0, 0]);
  const spread = distribute(lined, ROOT, [PROMPT, SAMPLER, END], "down");
  const [one, two, three] = [PROMPT, SAMPLER, END].map((id) => spread.root.nodes.get(id));
  const gap = (above = one, below = two) =>
    (below?.pos[1] ?? 0) - (above?.pos[1] ?? 0) - (above?.size[1] ?? 0);
  expect(Math.abs(gap(one, two) - gap(two, three))).toBeLessThanOrEqual(1);
});

test("every step is undone and done again, and typing is one step", () => {
  const first = basic();
  let history = startHistory(first);
  history = record(history, setTitle(history.present.doc, ROOT, END, "Out"), { key: "title" }, 0);
  for (const [at, text] of ["a", "ab", "abc"].entries()) {
    history = record(
      history,
      setValue(history.present.doc, ROOT, PROMPT, "text", text),
      { key: "value" },
      5000 + at,
      "value 2 text",
    );
  }
  const last = history.present.doc;
  expect(history.past).toHaveLength(2);
  expect(undoLabel(history)?.key).toBe("value");
  history = undo(undo(history));
  expect(history.present.doc).toBe(first);
  expect(redoLabel(history)?.key).toBe("title");
  history = redo(redo(history));
  expect(history.present.doc).toBe(last);
  expect(undo(startHistory(first)).present.doc).toBe(first);
});

test("edits of one kind are steps of their own after a while, or once a run of them is ended", () => {
  const value = (text: string) => setValue(basic(), ROOT, PROMPT, "text", text);
  const merged = (at: number) => (history: ReturnType<typeof startHistory>) =>
    record(history, value(`${at}`), { key: "value" }, at, "text");
  const start = startHistory(basic());
  expect(merged(9000)(merged(0)(start)).past).toHaveLength(2);
  expect(merged(10)(seal(merged(0)(start))).past).toHaveLength(2);
  expect(merged(10)(undo(merged(0)(start))).past).toHaveLength(1);
  expect(amend(start, value("x")).past).toHaveLength(0);
});

test("a history forgets its oldest steps", () => {
  let history = startHistory(basic());
  for (let at = 0; at < 300; at++) {
    history = record(
      history,
      setValue(history.present.doc, ROOT, SAMPLER, "seed", at + 1000),
      { key: "value" },
      at,
    );
  }
  expect(history.past).toHaveLength(200);
});

test("a widget that the document has no value for shows its default, and one with a control what it does", () => {
  const doc = opened({ nodes: [{ id: 5, type: "KSampler", widgets_values: [] }], links: [] });
  const node = doc.root.nodes.get("5");
  const widgets = node ? portsOf(doc, CATALOG, node).widgets : [];
  expect(node && widgets.map((port) => widgetValue(node, port))).toEqual([0, 20, 8, "euler", "simple", 1]);
  expect(widgets[0]?.control).toBe("fixed");
  const steered = setControl(doc, ROOT, "5", "seed", "increment");
  const [written] = writeDoc(steered, CATALOG).nodes as JsonObject[];
  expect(written?.widgets_values).toEqual([0, "increment", 20, 8, "euler", "simple", 1]);
});
