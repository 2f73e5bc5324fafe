/** What is selected, what has the keyboard, and how deep one is in subgraphs. */

import type { Path } from "@/graph/types";
import { changeShown, desk, roomOf, tabOf, useDesk } from "./desk";

/** Select these, and nothing else. */
export function select(ids: Iterable<string>): void {
  changeShown({ selected: new Set(ids) });
}

/** Ids of what is selected, by kind. */
export function chosen(state = desk()): Record<"nodes" | "groups" | "reroutes" | "wires", string[]> {
  const found = {
    nodes: [] as string[],
    groups: [] as string[],
    reroutes: [] as string[],
    wires: [] as string[],
  };
  for (const id of tabOf(state)?.selected ?? []) {
    if (id.startsWith("g:")) found.groups.push(id.slice(2));
    else if (id.startsWith("r:")) found.reroutes.push(id.slice(2));
    else if (id.startsWith("w:")) found.wires.push(id.slice(2));
    else if (roomOf(state).nodes.has(id)) found.nodes.push(id);
  }
  return found;
}

/** Give the keyboard to a node, and bring it into view. */
export function focusNode(id: string): void {
  useDesk.setState(({ sought }) => ({ current: id, sought: { id, times: sought.times + 1 } }));
}

/** Go into a subgraph, or out again. */
export function goInto(path: Path): void {
  changeShown({ path, selected: new Set() });
  useDesk.setState({ current: "" });
}
