import { expect, it } from "vitest";
import { setMode } from "./edit";
import { withLooks } from "./looks";
import { wireInto } from "./room";
import { CATALOG, CHECKPOINT, DECODER, END, opened, PROMPT, SAMPLER, template } from "./samples";
import { catalogOf } from "./specs";

const PREVIEW = {
  class_type: "PreviewImage",
  title: "Preview Image",
  category: "image",
  inputs: [{ name: "images", type: "IMAGE" }],
  outputs: [],
  output_node: true,
};
const KNOWN = catalogOf([
  ...[...CATALOG.values()].map((spec) =>
    spec.class_type === "SaveImage" ? { ...spec, output_node: true } : spec,
  ),
  { ...CATALOG.get("SaveImage"), ...PREVIEW },
] as unknown as Parameters<typeof catalogOf>[0]);
const doc = opened(template("text-to-image"));

function typesBefore(seen: ReturnType<typeof withLooks>): string[] {
  const types: string[] = [];
  for (
    let id = seen.targets[0] ?? "";
    id && types.length < 3;
    id = wireInto(seen.doc.root, id, 0)?.from ?? ""
  )
    types.push(seen.doc.root.nodes.get(id)?.type ?? "");
  return types;
}

it("a node that shows what it has is run as it is", () => {
  expect(withLooks(doc, [], KNOWN, [END])).toEqual({ doc, targets: [END], shows: {}, unseen: [] });
});

it("a node that gives a picture gets one that shows it", () => {
  const seen = withLooks(doc, [], KNOWN, [DECODER]);
  expect(typesBefore(seen)).toEqual(["PreviewImage", "VAEDecode", "KSampler"]);
  expect(seen.shows).toEqual({ [seen.targets[0] ?? ""]: DECODER });
});

it("a latent is decoded by the VAE of what it was made with", () => {
  const seen = withLooks(doc, [], KNOWN, [SAMPLER]);
  expect(typesBefore(seen)).toEqual(["PreviewImage", "VAEDecode", "KSampler"]);
  const decoder = wireInto(seen.doc.root, seen.targets[0] ?? "", 0)?.from ?? "";
  expect(wireInto(seen.doc.root, decoder, 1)).toMatchObject({ from: CHECKPOINT, output: 2 });
  expect(seen.shows).toEqual({ [seen.targets[0] ?? ""]: SAMPLER });
});

it("of what cannot be shown, and of what is left out, the node itself is run", () => {
  expect(withLooks(doc, [], KNOWN, [PROMPT])).toMatchObject({ targets: [PROMPT], unseen: [{ id: PROMPT }] });
  const muted = setMode(doc, [], [DECODER], "muted");
  expect(withLooks(muted, [], KNOWN, [DECODER])).toMatchObject({ targets: [DECODER], unseen: [] });
});
