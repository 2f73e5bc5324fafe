import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { setTitle, setValue } from "./edit";
import { formatJson, type JsonObject, listOf, objectOf, parseJson } from "./json";
import { emptyDoc } from "./read";
import { CATALOG, LATENT, nested, opened, SAMPLER, template } from "./samples";
import { disconnect } from "./wires";
import { writeDoc } from "./write";

const TEMPLATES = readdirSync(new URL("../../../src/safelight/templates", import.meta.url))
  .filter((name) => /^[^.]+\.json$/.test(name) && name !== "index.json")
  .map((name) => name.replace(".json", ""));

/** The same document with wires as objects. */
function versionOne(json: JsonObject): JsonObject {
  const links = (json.links as (number[] | null)[]).map((link) =>
    link === null
      ? null
      : {
          id: link[0],
          origin_id: link[1],
          origin_slot: link[2],
          target_id: link[3],
          target_slot: link[4],
          type: link[5],
        },
  );
  return {
    ...json,
    links: links as never,
    version: 1,
    state: { lastNodeId: 7, lastLinkId: 9, lastGroupId: 0, lastRerouteId: 0 },
  };
}

test.each(TEMPLATES)("the template %s is saved as it was opened", (name) => {
  const json = template(name);
  expect(writeDoc(opened(json), CATALOG)).toEqual(json);
  expect(writeDoc(opened(versionOne(json)), CATALOG)).toEqual(versionOne(json));
});

test("subgraphs, waypoints, groups, notes, dead wires and what nobody knows are saved as they were opened", () => {
  expect(writeDoc(opened(nested()), CATALOG)).toEqual(nested());
});

test("what a document says wrongly of its wires is kept until something is done to them", () => {
  const json = {
    nodes: [
      {
        id: 1,
        type: "LoadImage",
        inputs: [{ name: "x", type: "Y", link: 55 }],
        outputs: [{ name: "IMAGE", type: "IMAGE", links: [] }],
      },
      { id: 2, type: "ImageInvert", inputs: [{ name: "image", link: 8 }], outputs: [] },
    ],
    links: [
      [8, 1, 0, 2, 0, "IMAGE"],
      [9, 1, 0, 2, 0, "IMAGE"],
    ],
    extra: { linkExtensions: [{ id: 9, parentId: 4 }] },
  };
  const doc = opened(json);
  expect(writeDoc(doc, CATALOG)).toEqual(json);
  const written = objectOf(listOf(writeDoc(disconnect(doc, [], CATALOG, ["8"]), CATALOG).nodes)[1]);
  expect(written.inputs).toEqual([{ name: "image", link: null }]);
});

test("a changed value changes nothing else in the document", () => {
  const json = template("text-to-image");
  const changed = writeDoc(setValue(opened(json), [], SAMPLER, "cfg", 4.5), CATALOG);
  const expected = structuredClone(json) as { nodes: { id: number; widgets_values: unknown[] }[] };
  const sampler = expected.nodes.find((node) => String(node.id) === SAMPLER);
  sampler?.widgets_values.splice(3, 1, 4.5);
  expect(changed).toEqual(expected);
});

test("reading again what was written gives the same document", () => {
  const doc = setTitle(setValue(opened(nested()), ["57"], "3", "height", 96), [], "9", "Out");
  const again = opened(writeDoc(doc, CATALOG));
  expect(again.root.nodes.get("9")?.title).toBe("Out");
  expect(again.subgraphs.values().next().value?.room.nodes.get("3")?.values).toEqual({
    width: 512,
    height: 96,
    batch_size: 1,
  });
});

test("a value that the document did not have yet puts all before it into the list", () => {
  const json = {
    nodes: [{ id: 4, type: "EmptyLatentImage", widgets_values: [64] }],
    links: [],
    version: 0.4,
  };
  const written = writeDoc(setValue(opened(json), [], LATENT, "batch_size", 3), CATALOG);
  expect(objectOf((written.nodes as never[])[0]).widgets_values).toEqual([64, 512, 3]);
});

test("values of promoted widgets stand in the order of the list of them", () => {
  const doc = setValue(opened(nested()), [], "57", "3:height", 48);
  const written = objectOf((writeDoc(doc, CATALOG).nodes as never[])[0]);
  expect(written.widgets_values).toEqual([64, 48, 12, "increment"]);
});

test("an empty document is one that editors open", () => {
  expect(writeDoc(emptyDoc(), CATALOG)).toEqual({
    last_node_id: 0,
    last_link_id: 0,
    nodes: [],
    links: [],
    groups: [],
    config: {},
    extra: {},
    version: 0.4,
  });
});

test("a seed of 64 bits keeps its digits", () => {
  const text =
    '{"nodes":[{"id":1,"type":"KSampler","widgets_values":[18446744073709551615,"fixed",20]}],"links":[]}';
  const json = parseJson(text) as JsonObject;
  const doc = opened(json);
  expect(String(doc.root.nodes.get("1")?.values.seed)).toBe("18446744073709551615");
  expect(formatJson(writeDoc(doc, CATALOG))).toBe(text);
  const changed = formatJson(writeDoc(setValue(doc, [], "1", "steps", 30), CATALOG));
  expect(changed).toBe(text.replace("20]", "30]"));
  expect(JSON.parse(JSON.stringify(json)).nodes[0].widgets_values[0]).toBe("18446744073709551615");
});
