/** What lies on the desk: the workflows that are open, each in a tab with its history. */

import { create } from "zustand";
import type { Problem, Schemas } from "@/api/client";
import { type History, type Label, record, redo, seal, startHistory, undo } from "@/graph/history";
import { definitionAt, EMPTY_ROOM, roomAt } from "@/graph/room";
import { portsOf, specOf } from "@/graph/specs";
import type { Catalog, Definition, Doc, DocNode, NodeSpec, Outcome, Path, Ports, Room } from "@/graph/types";
import type { Translate } from "@/texts/texts";
import { sayRefusal } from "./refusals";

export type TextKey = Parameters<Translate<"canvas">>[0];
export type Output = Schemas["OutputView"];

/** What a workflow that was opened names and this server does not have. */
export interface Lacking {
  readonly notes: readonly string[];
  readonly unknown: readonly string[];
  readonly missing: readonly Missing[];
}

export interface Missing {
  readonly node: string;
  readonly class_type: string;
  readonly input: string;
  readonly folder: string;
  readonly name: string;
  readonly nearest: readonly string[];
}

export interface Verdict {
  readonly problems: readonly Problem[];
  readonly estimate: Schemas["EstimateView"] | null;
  /** What it names that is not here. */
  readonly lacks: Pick<Lacking, "unknown" | "missing">;
}

export interface View {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

export interface Tab {
  readonly id: string;
  readonly name: string;
  /** Of the workflow on the server; null while it has not been saved there. */
  readonly workflowId: string | null;
  readonly history: History;
  /** The document that the server has. */
  readonly saved: Doc | null;
  readonly path: Path;
  /** Ids on the canvas: nodes as they are, `g:` groups, `r:` waypoints, `w:` wires. */
  readonly selected: ReadonlySet<string>;
  /** Where one looks, by path. */
  readonly views: Readonly<Record<string, View>>;
  /** The jobs of the last run, in their order. */
  readonly jobs: readonly string[];
  /** What nodes gave the last time they ran, by their id for the server. */
  readonly results: Readonly<Record<string, readonly Output[]>>;
  /** Of the last run: the nodes that were added to it for showing what others give, with those others. */
  readonly shows: Readonly<Record<string, string>>;
  readonly lacking: Lacking | null;
  readonly verdict: Verdict | null;
}

interface Desk {
  readonly tabs: readonly Tab[];
  readonly active: string;
  readonly catalog: Catalog;
  readonly files: Readonly<Record<string, readonly string[]>>;
  /** Whether one is near enough to read what is in the nodes. */
  readonly isNear: boolean;
  /** The node that the keyboard is at. */
  readonly current: string;
  /** The node that is to be brought into view, and how often one was. */
  readonly sought: { readonly id: string; readonly times: number };
}

export const useDesk = create<Desk>(() => ({
  tabs: [],
  active: "",
  catalog: new Map(),
  files: {},
  isNear: true,
  current: "",
  sought: { id: "", times: 0 },
}));

export const desk = useDesk.getState;
const set = useDesk.setState;

export const tabOf = ({ tabs, active }: Desk): Tab | undefined => tabs.find((tab) => tab.id === active);
export const docOf = (state: Desk): Doc | undefined => tabOf(state)?.history.present.doc;

/** The graph that is shown; an empty one while there is none. */
export function roomOf(state: Desk): Room {
  const tab = tabOf(state);
  return (tab && roomAt(tab.history.present.doc, tab.path)) ?? EMPTY_ROOM;
}

export function nodeOf(state: Desk, id: string): DocNode | undefined {
  return roomOf(state).nodes.get(id);
}

const ROOT: Path = [];

export const useTab = () => useDesk(tabOf);
export const useDoc = () => useDesk(docOf);
export const useRoom = () => useDesk(roomOf);
export const usePath = () => useDesk((state) => tabOf(state)?.path ?? ROOT);
export const useNode = (id: string) => useDesk((state) => nodeOf(state, id));
export const useIsSelected = (id: string) => useDesk((state) => tabOf(state)?.selected.has(id) ?? false);

/** The subgraph that is shown; null for the outermost graph. */
export function useDefinition(): Definition | null {
  return useDesk((state) => {
    const tab = tabOf(state);
    return tab ? definitionAt(tab.history.present.doc, tab.path) : null;
  });
}

export function usePorts(id: string): Ports | null {
  return useDesk((state) => {
    const [doc, node] = [docOf(state), nodeOf(state, id)];
    return doc && node ? portsOf(doc, state.catalog, node) : null;
  });
}

/** The node's type; null where it is unknown here. */
export function useSpec(id: string): NodeSpec | null {
  return useDesk((state) => {
    const [doc, node] = [docOf(state), nodeOf(state, id)];
    return doc && node ? keptSpec(doc, state.catalog, node) : null;
  });
}

const specs = new WeakMap<Doc["subgraphs"], WeakMap<DocNode, NodeSpec | null>>();

/** The same object while nothing of it changes; the types of subgraphs are made anew each time. */
function keptSpec(doc: Doc, catalog: Catalog, node: DocNode): NodeSpec | null {
  if (!doc.subgraphs.has(node.type)) return specOf(doc, catalog, node);
  const known = specs.get(doc.subgraphs) ?? new WeakMap<DocNode, NodeSpec | null>();
  specs.set(doc.subgraphs, known);
  const spec = known.get(node) ?? specOf(doc, catalog, node);
  known.set(node, spec);
  return spec;
}

let lastTab = 0;

export function newTab(doc: Doc, name: string, rest: Partial<Tab> = {}): Tab {
  return {
    id: `${Date.now().toString(36)}${(lastTab++).toString(36)}`,
    name,
    workflowId: null,
    history: startHistory(doc, { key: "did open" }, Date.now()),
    saved: null,
    path: [],
    selected: new Set(),
    views: {},
    jobs: [],
    results: {},
    shows: {},
    lacking: null,
    verdict: null,
    ...rest,
  };
}

/** Put a workflow on the desk, and show it. */
export function openTab(tab: Tab): void {
  set(({ tabs }) => ({ tabs: [...tabs, tab], active: tab.id, current: "" }));
}

export function showTab(id: string): void {
  set({ active: id, current: "" });
}

/** Take a workflow off the desk; what lay beside it is shown. */
export function closeTab(id: string): void {
  set(({ tabs, active }) => {
    const place = tabs.findIndex((tab) => tab.id === id);
    const rest = tabs.filter((tab) => tab.id !== id);
    const next = rest[Math.min(place, rest.length - 1)]?.id ?? "";
    return { tabs: rest, active: active === id ? next : active };
  });
}

export function changeTab(id: string, part: Partial<Tab> | ((tab: Tab) => Partial<Tab>)): void {
  set(({ tabs }) => ({
    tabs: tabs.map((tab) =>
      tab.id === id ? { ...tab, ...(typeof part === "function" ? part(tab) : part) } : tab,
    ),
  }));
}

/** Change the tab that is shown. */
export function changeShown(part: Partial<Tab> | ((tab: Tab) => Partial<Tab>)): void {
  changeTab(desk().active, part);
}

/** Make one workflow of what there is. */
export type Change = (
  doc: Doc,
  path: Path,
  catalog: Catalog,
) => Doc | Outcome | { readonly doc: Doc; readonly select?: Iterable<string> };

/**
 * Change the workflow that is shown, as a step that can be undone; where it is refused, say why.
 *
 * Edits with the same `merge` in quick succession are one step.
 */
export function edit(
  label: TextKey,
  change: Change,
  { merge, params }: { merge?: string; params?: Label["params"] } = {},
): boolean {
  const state = desk();
  const tab = tabOf(state);
  if (!tab) return false;
  const { doc: before } = tab.history.present;
  const outcome = change(before, tab.path, state.catalog);
  if ("refused" in outcome && outcome.refused) {
    sayRefusal(outcome.refused);
    return false;
  }
  const after = "root" in outcome ? outcome : outcome.doc;
  if (!after || after === before) return false;
  const select = "select" in outcome && outcome.select ? new Set(outcome.select) : null;
  changeTab(tab.id, {
    history: record(tab.history, after, params ? { key: label, params } : { key: label }, Date.now(), merge),
    ...(select ? { selected: select } : {}),
  });
  return true;
}

/** The next edit is a step of its own. */
export function sealed(): void {
  changeShown(({ history }) => ({ history: seal(history) }));
}

export function undoLast(): void {
  goTo(undo);
}

export function redoNext(): void {
  goTo(redo);
}

function goTo(step: (history: History) => History): void {
  changeShown((tab) => {
    const history = step(tab.history);
    if (history === tab.history) return {};
    return { history, ...standing(history.present.doc, tab) };
  });
}

/** Where one is in a document after it has changed: no deeper than it goes, and nothing selected that is gone. */
export function standing(doc: Doc, { path, selected }: Tab): Pick<Tab, "path" | "selected"> {
  let there = path;
  while (!roomAt(doc, there)) there = there.slice(0, -1);
  const room = roomAt(doc, there) ?? EMPTY_ROOM;
  const kept = [...selected].filter((id) => isThere(room, id));
  return { path: there, selected: kept.length === selected.size ? selected : new Set(kept) };
}

function isThere(room: Room, id: string): boolean {
  switch (id.slice(0, 2)) {
    case "g:":
      return room.groups.has(id.slice(2));
    case "r:":
      return room.reroutes.has(id.slice(2));
    case "w:":
      return room.wires.has(id.slice(2));
    default:
      return room.nodes.has(id);
  }
}
