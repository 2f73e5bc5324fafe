/** Looking at what nodes give that show nothing themselves: nodes that show it are added for one run. */

import { addNode } from "./edit";
import { roomAt, wiring } from "./room";
import { portsOf, specOf } from "./specs";
import type { Catalog, Doc, DocNode, Path, Room } from "./types";
import { connect } from "./wires";

/** What shows a value of a type, and the input that takes it. */
const SHOWN_BY: Readonly<Record<string, readonly [type: string, input: string]>> = {
  IMAGE: ["PreviewImage", "images"],
  MASK: ["MaskPreview", "mask"],
  INT: ["PreviewAny", "source"],
  FLOAT: ["PreviewAny", "source"],
  STRING: ["PreviewAny", "source"],
  BOOLEAN: ["PreviewAny", "source"],
};

export interface Looks {
  /** The document with the nodes that were added. */
  readonly doc: Doc;
  /** The nodes to run for. */
  readonly targets: readonly string[];
  /** By the id of an added node, the one that it shows. */
  readonly shows: Readonly<Record<string, string>>;
  /** Nodes that give nothing that can be shown. */
  readonly unseen: readonly DocNode[];
}

/** What to run so that something is to be seen of each of some nodes. */
export function withLooks(doc: Doc, path: Path, catalog: Catalog, ids: readonly string[]): Looks {
  const shows: Record<string, string> = {};
  const targets: string[] = [];
  const unseen: DocNode[] = [];
  let now = doc;
  for (const id of ids) {
    const room = roomAt(now, path);
    const node = room?.nodes.get(id);
    if (!room || !node) continue;
    const isShowing = specOf(now, catalog, node)?.output_node === true;
    const look = isShowing || node.mode !== "always" ? null : lookAt(now, path, catalog, room, node);
    if (look) {
      now = look.doc;
      shows[look.id] = id;
    } else if (!isShowing && node.mode === "always") unseen.push(node);
    targets.push(look?.id ?? id);
  }
  return { doc: now, targets, shows, unseen };
}

function lookAt(doc: Doc, path: Path, catalog: Catalog, room: Room, node: DocNode) {
  for (const [output, { type }] of portsOf(doc, catalog, node).outputs.entries()) {
    if (type === "LATENT") {
      const vae = vaeFor(doc, catalog, room, node.id);
      const decoded = vae && add(doc, path, catalog, node, "VAEDecode", "samples", output);
      const whole = decoded && link(decoded.doc, path, catalog, vae, [decoded.id, "vae"]);
      const decoder = whole && roomAt(whole, path)?.nodes.get(decoded.id);
      return decoder ? add(whole, path, catalog, decoder, "PreviewImage", "images", 0) : null;
    }
    const [by, input] = SHOWN_BY[type] ?? [];
    if (by && input) return add(doc, path, catalog, node, by, input, output);
  }
  return null;
}

function add(
  doc: Doc,
  path: Path,
  catalog: Catalog,
  { id: from, pos }: DocNode,
  type: string,
  input: string,
  output: number,
): { readonly doc: Doc; readonly id: string } | null {
  if (!catalog.has(type)) return null;
  const made = addNode(doc, path, catalog, { type, pos });
  const linked = link(made.doc, path, catalog, [from, output], [made.id, input]);
  return linked && { doc: linked, id: made.id };
}

type From = readonly [node: string, output: number];

function link(
  doc: Doc,
  path: Path,
  catalog: Catalog,
  [from, output]: From,
  [to, input]: readonly [node: string, input: string],
): Doc | null {
  return connect(doc, path, catalog, { from, output, to, input }).doc;
}

/** The nearest VAE of what a latent was made with, else any that is there. */
function vaeFor(doc: Doc, catalog: Catalog, room: Room, id: string): From | null {
  const { into } = wiring(room);
  const before = new Set([id]);
  for (const one of before) for (const { from } of into.get(one)?.values() ?? []) before.add(from);
  for (const one of [...before, ...room.nodes.keys()]) {
    const node = room.nodes.get(one);
    if (node?.mode !== "always") continue;
    const output = portsOf(doc, catalog, node).outputs.findIndex(({ type }) => type === "VAE");
    if (output >= 0) return [one, output];
  }
  const wire = [...room.wires.values()].find(({ type }) => type === "VAE");
  return wire ? [wire.from, wire.output] : null;
}
