/** Ids of nodes as the server names them, `57:3` for node 3 inside of node 57, and where these are in a document. */

import { nodeAt } from "./room";
import type { Doc, DocNode, Path } from "./types";

export interface NodePlace {
  readonly path: Path;
  readonly id: string;
}

export function apiId(path: Path, id: string): string {
  return [...path, id].join(":");
}

export function placeOf(api: string): NodePlace {
  const parts = api.split(":");
  return { path: parts.slice(0, -1), id: parts.at(-1) ?? "" };
}

/** The node that an id of the server names; null where the document has none such. */
export function nodeOf(doc: Doc, api: string): DocNode | null {
  const { path, id } = placeOf(api);
  return nodeAt(doc, path, id);
}
