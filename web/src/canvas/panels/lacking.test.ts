import { describe, expect, it } from "vitest";
import { nodeAt } from "@/graph/room";
import { CHECKPOINT, opened, template } from "@/graph/samples";
import { pageOf, replaced, strangers, wantedFiles } from "./lacking";

const missing = (node: string, name: string, nearest: readonly string[] = []) => ({
  node,
  class_type: "CheckpointLoaderSimple",
  input: "ckpt_name",
  folder: "checkpoints",
  name,
  nearest,
});

describe("files that are missing", () => {
  it("are told of once each, with all places that name them", () => {
    const found = wantedFiles([missing("1", "a", ["b"]), missing("9", "a", ["b", "c"]), missing("2", "z")]);
    expect(found.map(({ name, nearest, places }) => [name, nearest, places.length])).toEqual([
      ["a", ["b", "c"], 2],
      ["z", [], 1],
    ]);
  });

  it("are replaced where they are named", () => {
    const doc = replaced(
      opened(template("text-to-image")),
      [missing(CHECKPOINT, "gone")],
      "other.safetensors",
    );
    expect(nodeAt(doc, [], CHECKPOINT)?.values.ckpt_name).toBe("other.safetensors");
  });
});

describe("node types that are unknown", () => {
  const json = template("text-to-image");
  const odd = { id: 90, type: "Odd", pos: [0, 0], size: [1, 1] };
  const doc = opened({
    ...json,
    nodes: [odd, { ...odd, id: 91, properties: { aux_id: "someone/odd-nodes", ver: "1.2" } }],
    links: [],
  });

  it("are told with the package that the file notes for any of them", () => {
    expect(strangers(doc, ["Odd"])).toEqual([
      { type: "Odd", count: 2, origin: "someone/odd-nodes", version: "1.2" },
    ]);
  });

  it("lead to a page only where the package is named by one", () => {
    expect(pageOf("someone/odd-nodes")).toBe("https://github.com/someone/odd-nodes");
    expect(pageOf("javascript:alert(1)//x/y")).toBe(null);
    expect(pageOf("odd-nodes")).toBe(null);
  });
});
