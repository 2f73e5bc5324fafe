/** What nodes and sockets are called on the canvas. */

import { MARKDOWN_NOTE, NOTE, PRIMITIVE, REROUTE } from "@/graph/specs";
import type { DocNode, NodeSpec } from "@/graph/types";
import { said } from "@/texts/said";
import { texts } from "@/texts/texts";
import type { TextKey } from "./desk";

const OWN: Readonly<Record<string, TextKey>> = {
  [NOTE]: "type note",
  [MARKDOWN_NOTE]: "type markdown note",
  [REROUTE]: "type reroute",
  [PRIMITIVE]: "type primitive",
};

/** The title of a node type; those that only editors have are called so in the person's language. */
export function typeTitle(spec: Pick<NodeSpec, "class_type" | "title">): string {
  const own = OWN[spec.class_type];
  return own && spec.title === spec.class_type ? texts("canvas")(own) : said().title(spec.title);
}

export function nodeTitle(node: DocNode, spec: NodeSpec | null): string {
  return said().made(node.title) || (spec ? typeTitle(spec) : node.type);
}

/** Names of inputs are the field's; in the person's language where it has a word for them. */
export function shownName(name: string): string {
  return said().name(name);
}
