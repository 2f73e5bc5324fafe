import { expect, test } from "vitest";
import { compare } from "./compare";
import { addNode, moveNodes, removeNodes, setControl, setTitle, setValue } from "./edit";
import { accepts, candidates, whyNot } from "./fit";
import { groupAround, isWithin, nodeBox } from "./groups";
import { Digits, formatJson, parseJson, wholeNumber } from "./json";
import { layOut } from "./layout";
import {
  CATALOG,
  CHECKPOINT,
  DECODER,
  END,
  LATENT,
  nested,
  opened,
  PROMPT,
  SAMPLER,
  template,
} from "./samples";
import { search } from "./search";
import { beforeRun, nextValue } from "./seeds";
import { usualSize } from "./size";
import type { Doc } from "./types";
import { connect, disconnect } from "./wires";

const basic = () => opened(template("text-to-image"));

test.each([
  ["MODEL", "MODEL", true],
  ["MODEL", "CLIP", false],
  ["*", "CLIP", true],
  ["CLIP", "*", true],
  ["INT,FLOAT", "FLOAT", true],
  ["INT,FLOAT", "STRING", false],
  ["FLOAT", "INT", false],
])("an input of type %s takes %s: %s", (wanted, given, fits) => {
  expect(accepts(wanted, given)).toBe(fits);
});

test("a wire that cannot be is refused with the reason", () => {
  const doc = basic();
  const refusal = (from: string, output: number, to: string, input: string) =>
    whyNot(doc, [], CATALOG, { from, output, to, input });
  expect(refusal(CHECKPOINT, 1, SAMPLER, "model")).toEqual({
    key: "types",
    params: { given: "CLIP", wanted: "MODEL" },
  });
  expect(refusal(CHECKPOINT, 0, SAMPLER, "model")).toBeNull();
  expect(refusal(SAMPLER, 0, SAMPLER, "latent_image")?.key).toBe("self");
  expect(refusal(CHECKPOINT, 7, SAMPLER, "model")?.key).toBe("missing");
  expect(refusal(CHECKPOINT, 0, SAMPLER, "nothing")?.key).toBe("missing");
});

test("wires in a circle are refused", () => {
  const one = addNode(basic(), [], CATALOG, { type: "ImageInvert", pos: [0, 0] });
  const two = addNode(one.doc, [], CATALOG, { type: "ImageInvert", pos: [0, 0] });
  const linked = connect(two.doc, [], CATALOG, { from: one.id, output: 0, to: two.id, input: "image" });
  const back =
    linked.doc && whyNot(linked.doc, [], CATALOG, { from: two.id, output: 0, to: one.id, input: "image" });
  expect(back?.key).toBe("cycle");
});

test("a dropped wire is offered what fits it, what is made for it first", () => {
  const takers = candidates(CATALOG, "LATENT", "takes");
  expect(takers.map(({ spec }) => spec.class_type)).toEqual(["KSampler", "VAEDecode", "ShowAny", "Reroute"]);
  expect(takers[0]?.port).toBe("latent_image");
  const givers = candidates(CATALOG, "MODEL", "gives");
  expect(givers.map(({ spec, port }) => [spec.class_type, port])).toEqual([
    ["CheckpointLoaderSimple", 0],
    ["LoraLoader", 0],
    ["Reroute", 0],
  ]);
});

test("search finds by title, name, category and letters in order, the nearest first", () => {
  const found = (text: string) => search(CATALOG, text).map((spec) => spec.class_type);
  expect(found("vae")[0]).toBe("VAEDecode");
  expect(found("load image")[0]).toBe("LoadImage");
  expect(found("ksam")[0]).toBe("KSampler");
  expect(found("sampling")).toContain("KSampler");
  expect(found("prompt")[0]).toBe("CLIPTextEncode");
  expect(found("chkpt")[0]).toBe("CheckpointLoaderSimple");
  expect(found("nothing of the kind")).toEqual([]);
  expect(found("")).toHaveLength(CATALOG.size);
  expect(
    search(CATALOG, "采样", (spec) =>
      spec.class_type === "KSampler" ? { ...spec, title: "采样器" } : spec,
    )[0]?.class_type,
  ).toBe("KSampler");
});

test("new nodes are as large as what they show", () => {
  const sampler = CATALOG.get("KSampler");
  const text = CATALOG.get("CLIPTextEncode");
  const [width, height] = sampler ? usualSize(sampler) : [0, 0];
  expect(width).toBeGreaterThanOrEqual(220);
  expect(height).toBeGreaterThanOrEqual(26 * (4 + 7));
  expect(text && usualSize(text)[1]).toBeGreaterThanOrEqual(26 + 90);
});

function overlaps(doc: Doc): boolean {
  const boxes = [...doc.root.nodes.values()].map(nodeBox);
  return boxes.some((one, at) =>
    boxes
      .slice(at + 1)
      .some(
        (other) =>
          one[0] < other[0] + other[2] &&
          other[0] < one[0] + one[2] &&
          one[1] < other[1] + other[3] &&
          other[1] < one[1] + one[3],
      ),
  );
}

test("the layout goes from left to right without overlaps, and groups stay around their nodes", () => {
  const heap = moveNodes(
    basic(),
    [],
    new Map([...basic().root.nodes.keys()].map((id) => [id, [5, 5] as const])),
  );
  const apart = layOut(heap, []);
  expect(overlaps(apart)).toBe(false);
  for (const wire of apart.root.wires.values()) {
    expect(apart.root.nodes.get(wire.from)?.pos[0]).toBeLessThan(apart.root.nodes.get(wire.to)?.pos[0] ?? 0);
  }
  const grouped = groupAround(basic(), [], [DECODER, END], "End");
  const tidy = layOut(grouped.doc, []);
  const box = tidy.root.groups.get(grouped.id)?.box;
  for (const node of tidy.root.nodes.values()) {
    expect(box && isWithin(box, nodeBox(node))).toBe(([DECODER, END] as string[]).includes(node.id));
  }
  const some = layOut(heap, [], { only: [PROMPT, SAMPLER] });
  expect(some.root.nodes.get(END)).toBe(heap.root.nodes.get(END));
});

test("an edit of a document of two thousand nodes touches nothing else and takes no time", () => {
  const count = 2000;
  const nodes = Array.from({ length: count }, (_, id) => ({
    id: id + 1,
    type: "ImageInvert",
    pos: [0, 0],
    size: [200, 60],
    inputs: [{ name: "image", type: "IMAGE", link: id > 3 ? id : null }],
    outputs: [{ name: "IMAGE", type: "IMAGE", links: [] }],
  }));
  const links = nodes.slice(4).map(({ id }) => [id - 1, id - 4, 0, id, 0, "IMAGE"]);
  const doc = opened({ nodes, links, version: 0.4 } as never);
  const started = performance.now();
  let changed = doc;
  for (let edit = 0; edit < 100; edit++) changed = moveNodes(changed, [], new Map([["7", [edit + 1, 0]]]));
  expect(changed.root.nodes.get("8")).toBe(doc.root.nodes.get("8"));
  const perEdit = (performance.now() - started) / 100;
  expect(perEdit).toBeLessThan(25); // milliseconds; a hundredth of that where nothing else runs
});

test("what differs between two documents is named by node, widget and wire", () => {
  const before = basic();
  let after = setTitle(setValue(before, [], SAMPLER, "cfg", 3), [], END, "Out");
  after = moveNodes(removeNodes(after, [], CATALOG, [PROMPT]), [], new Map([[LATENT, [1, 2]]]));
  const [room, ...others] = compare(before, after);
  expect(others).toEqual([]);
  expect(room?.removed.map((node) => node.id)).toEqual([PROMPT]);
  expect(room?.changed.map(({ after: node }) => node.id).sort()).toEqual([LATENT, SAMPLER, END]);
  expect(room?.changed.find(({ after: node }) => node.id === SAMPLER)?.values).toEqual([
    { name: "cfg", before: 5, after: 3 },
  ]);
  expect(room?.wiresRemoved).toContainEqual({ from: PROMPT, output: 0, to: SAMPLER, input: "positive" });
  expect(compare(before, basic())).toEqual([]);
  const deep = opened(nested());
  expect(compare(deep, setValue(deep, ["57"], "3", "height", 1))).toMatchObject([{ name: "Empty picture" }]);
  const [wire = ""] = before.root.wires.keys();
  expect(compare(before, disconnect(before, [], CATALOG, [wire]))[0]?.wiresRemoved).toHaveLength(1);
});

test("seeds count or are drawn before a run, and fixed and linked ones stay", () => {
  const doc = basic();
  expect(beforeRun(doc, CATALOG)).toBe(doc);
  const seed = (control: "increment" | "decrement" | "randomize") =>
    beforeRun(setControl(doc, [], SAMPLER, "seed", control), CATALOG, () => 0.5).root.nodes.get(SAMPLER)
      ?.values.seed;
  expect([seed("increment"), seed("decrement")]).toEqual([43, 41]);
  expect(seed("randomize")).toBe(Math.floor(0.5 * 2 ** 53));
  const linked = addNode(setControl(doc, [], SAMPLER, "seed", "randomize"), [], CATALOG, {
    type: "PrimitiveInt",
    pos: [0, 0],
  });
  const wired = connect(linked.doc, [], CATALOG, { from: linked.id, output: 0, to: SAMPLER, input: "seed" });
  expect(wired.doc && beforeRun(wired.doc, CATALOG)).toBe(wired.doc);
  const deep = beforeRun(opened(nested()), CATALOG);
  expect(deep.root.nodes.get("57")?.values["4:seed"]).toBe(13);
});

test("seeds of 64 bits count without losing digits, and stop at their end", () => {
  const port = { name: "seed", type: "INT", minimum: 0, maximum: 2 ** 64 };
  const next = (digits: string, control: "increment" | "decrement") =>
    String(nextValue(new Digits(digits), control, port));
  expect(next("18446744073709551614", "increment")).toBe("18446744073709551615");
  expect(next("18446744073709551615", "increment")).toBe("18446744073709551615");
  expect(next("9007199254740993", "decrement")).toBe("9007199254740992");
  expect(String(nextValue(Number.MAX_SAFE_INTEGER, "increment", port))).toBe("9007199254740992");
  expect(nextValue(0, "decrement", port)).toBe(0);
  expect(
    nextValue("heun", "increment", { name: "sampler", type: "COMBO", choices: ["euler", "heun", "lms"] }),
  ).toBe("lms");
});

test("long whole numbers are read and written digit by digit, and texts with digits stay texts", () => {
  const text =
    '{"a":18446744073709551615,"b":"18446744073709551615","c":0.1234567890123456,"d":[-9007199254740993],"e":"\\"1234567890123456789\\""}';
  const json = parseJson(text);
  expect(formatJson(json)).toBe(text);
  expect(wholeNumber("18446744073709551615")).toEqual(new Digits("18446744073709551615"));
  expect(wholeNumber(" 42 ")).toBe(42);
  expect(wholeNumber("4.2")).toBeNull();
});
