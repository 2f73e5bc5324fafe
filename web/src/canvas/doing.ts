/** What can be done with what is selected. Every change is a step that can be undone. */

import { keepPreference, queries } from "@/api/queries";
import { align, distribute, type Edge } from "@/graph/arrange";
import { copy, duplicate, pasteJson, recognise } from "@/graph/clipboard";
import { addNode, collapse, pin, removeNodes, setColor, setMode, setTitle } from "@/graph/edit";
import { groupAround, recolorGroup, removeGroups, renameGroup } from "@/graph/groups";
import { layOut } from "@/graph/layout";
import { changeRoom } from "@/graph/room";
import { NOTE, portsOf } from "@/graph/specs";
import { makeSubgraph, publish } from "@/graph/subgraph";
import type { Mode, Point } from "@/graph/types";
import { unpack } from "@/graph/unpack";
import { disconnect, removeReroutes } from "@/graph/wires";
import { texts } from "@/texts/texts";
import { say, sayFailure } from "@/ui";
import { desk, docOf, edit, roomOf, tabOf } from "./desk";
import { drawingOf, TITLE } from "./geometry";
import { openEmpty } from "./keep";
import { openText } from "./opening";
import { publishedQuery } from "./Palette";
import { chosen, focusNode, goInto, select } from "./selecting";
import { PAINTS, type Paint } from "./typeColours";

const t = texts("canvas");
const CLIPBOARD = "safelight.graph.clipboard";

export function removeChosen(): void {
  const { nodes, groups, reroutes, wires } = chosen();
  const removed = edit("did remove", (doc, path, catalog) => {
    const unlinked = disconnect(doc, path, catalog, wires);
    const bare = removeReroutes(unlinked, path, reroutes);
    return removeGroups(removeNodes(bare, path, catalog, nodes), path, groups);
  });
  if (removed) select([]);
}

export function selectAll(): void {
  const room = roomOf(desk());
  select([...room.nodes.keys(), ...[...room.groups.keys()].map((id) => `g:${id}`)]);
}

/** What is selected, as text; empty for nothing. */
export function copied(): string {
  const state = desk();
  const [tab, doc] = [tabOf(state), docOf(state)];
  const { nodes, groups } = chosen();
  if (!tab || !doc || nodes.length + groups.length === 0) return "";
  const text = copy(doc, tab.path, state.catalog, { nodes, groups });
  try {
    localStorage.setItem(CLIPBOARD, text);
  } catch {
    // too large to be kept; the clipboard of the system has it
  }
  return text;
}

/** Copy by a menu: to the system's clipboard where the browser allows it, and to ours in any case. */
export async function copyChosen(): Promise<void> {
  const text = copied();
  if (!text) return;
  await navigator.clipboard?.writeText(text).catch(() => undefined);
  say(t("copied"));
}

/** Where and how something is put in. */
export interface Placing {
  /** Where the upper left corner goes; beside the originals where it is not given. */
  readonly at?: Point;
  /** Whether copies get what their originals get. */
  readonly withWires?: boolean;
}

/** Paste nodes; a whole workflow is opened in a tab of its own. */
export async function paste(text: string, { at, withWires = false }: Placing = {}): Promise<void> {
  const { kind, json } = { json: null, ...recognise(text) };
  if (kind === "document" || kind === "api") await openText(text);
  else if (kind === "nodes" && json) {
    if (!tabOf(desk())) openEmpty();
    let first: string | undefined;
    edit("did paste", (doc, path, catalog) => {
      const pasted = pasteJson(doc, path, catalog, json, { at, withWires });
      if (pasted.refused) return pasted;
      first = pasted.nodes[0];
      return { doc: pasted.doc, select: [...pasted.nodes, ...pasted.groups.map((id) => `g:${id}`)] };
    });
    if (first !== undefined && !at) focusNode(first);
  } else if (/^\s*[{[]|\bSteps: \d/.test(text)) await openText(text);
  else if (text.trim()) say(t("nothing to paste"), { kind: "bad", detail: t("what to paste") });
}

export async function pasteKept(placing: Placing = {}): Promise<void> {
  const text = await navigator.clipboard?.readText().catch(() => "");
  const kept = localStorage.getItem(CLIPBOARD) ?? "";
  await paste(text && recognise(text).kind !== "nothing" ? text : kept, placing);
}

export function duplicateChosen(): void {
  const { nodes, groups } = chosen();
  edit("did duplicate", (doc, path, catalog) => {
    const made = duplicate(doc, path, catalog, { nodes, groups });
    if (made.refused) return made;
    return { doc: made.doc, select: [...made.nodes, ...made.groups.map((id) => `g:${id}`)] };
  });
}

/** Mute or bypass what is selected; all of it back to normal where it is so already. */
export function toggleMode(mode: Exclude<Mode, "always">): void {
  const room = roomOf(desk());
  const { nodes } = chosen();
  const isOn = nodes.every((id) => room.nodes.get(id)?.mode === mode);
  edit(mode === "muted" ? "did mute" : "did bypass", (doc, path) =>
    setMode(doc, path, nodes, isOn ? "always" : mode),
  );
}

export function toggleFolded(): void {
  const room = roomOf(desk());
  const { nodes } = chosen();
  const isFolded = nodes.every((id) => room.nodes.get(id)?.collapsed);
  edit(isFolded ? "did unfold" : "did fold", (doc, path) => collapse(doc, path, nodes, !isFolded));
}

export function togglePinned(): void {
  const room = roomOf(desk());
  const { nodes } = chosen();
  const isPinned = nodes.every((id) => room.nodes.get(id)?.pinned);
  edit(isPinned ? "did unpin" : "did pin", (doc, path) => pin(doc, path, nodes, !isPinned));
}

/** Colour what is selected; null for the usual colours. */
export function paint(name: Paint | null): void {
  const { nodes, groups } = chosen();
  const [color, bgcolor, ofGroup] = name ? PAINTS[name] : ["", "", ""];
  edit("did colour", (doc, path) =>
    groups.reduce(
      (now, id) => recolorGroup(now, path, id, ofGroup),
      setColor(doc, path, nodes, color, bgcolor),
    ),
  );
}

export function alignChosen(edge: Edge): void {
  const { nodes } = chosen();
  edit("did align", (doc, path) => align(doc, path, nodes, edge));
}

export function distributeChosen(direction: "across" | "down"): void {
  const { nodes } = chosen();
  edit("did distribute", (doc, path) => distribute(doc, path, nodes, direction));
}

/** Lay out what is selected, or everything. */
export function layOutChosen(): void {
  const { nodes } = chosen();
  edit("did lay out", (doc, path, catalog) => {
    const room = roomOf(desk());
    const sizes = new Map(
      [...room.nodes.values()].map((node) => {
        const { width, height } = drawingOf(node, portsOf(doc, catalog, node));
        return [node.id, [width, height - TITLE] as const];
      }),
    );
    return layOut(doc, path, nodes.length > 1 ? { only: nodes, sizes } : { sizes });
  });
}

export function groupChosen(): void {
  const { nodes } = chosen();
  edit("did group", (doc, path) => {
    const { doc: made, id } = groupAround(doc, path, nodes, t("group"));
    return id ? { doc: made, select: [`g:${id}`] } : doc;
  });
}

export function makeSubgraphOfChosen(): void {
  const { nodes, groups } = chosen();
  edit("did make subgraph", (doc, path, catalog) => {
    const made = makeSubgraph(doc, path, catalog, nodes, t("subgraph"), groups);
    return made.refused ? made : { doc: made.doc, select: [made.id] };
  });
}

export function unpackSubgraph(id: string): void {
  edit("did unpack", (doc, path, catalog) => {
    const made = unpack(doc, path, catalog, id);
    return made.refused ? made : { doc: made.doc, select: made.ids };
  });
}

export function openSubgraph(id: string): void {
  const path = tabOf(desk())?.path ?? [];
  goInto([...path, id]);
}

/** Keep a subgraph as a node for all workflows. */
export async function publishSubgraph(id: string): Promise<void> {
  const state = desk();
  const [tab, doc] = [tabOf(state), docOf(state)];
  const document = tab && doc && publish(doc, tab.path, state.catalog, id);
  const node = roomOf(state).nodes.get(id);
  if (!document || !node) return;
  const name = node.title || doc.subgraphs.get(node.type)?.name || t("subgraph");
  try {
    const before = await queries.fetchQuery(publishedQuery);
    await keepPreference("graph.published", [
      ...before.filter((one) => one.name !== name),
      { name, document },
    ]);
    say(t("is published", { name }));
  } catch (error) {
    sayFailure(error);
  }
}

export function addNote(at: Point): void {
  edit("did add", (doc, path, catalog) => {
    const made = addNode(doc, path, catalog, { type: NOTE, pos: at });
    return { doc: made.doc, select: [made.id] };
  });
}

export function rename(what: "node" | "group", id: string, title: string): void {
  edit("did rename", (doc, path) =>
    what === "node" ? setTitle(doc, path, id, title) : renameGroup(doc, path, id, title),
  );
}

/** Move what is selected by a few pixels. */
export function nudge(dx: number, dy: number): void {
  const { nodes } = chosen();
  edit(
    "did move",
    (doc, path) =>
      changeRoom(doc, path, (room) => {
        const moved = nodes.flatMap((id) => room.nodes.get(id) ?? []).filter((node) => !node.pinned);
        if (moved.length === 0) return room;
        const places = moved.map(
          (node) => [node.id, { ...node, pos: [node.pos[0] + dx, node.pos[1] + dy] as const }] as const,
        );
        return { ...room, nodes: new Map([...room.nodes, ...places]) };
      }),
    { merge: "nudge" },
  );
}
