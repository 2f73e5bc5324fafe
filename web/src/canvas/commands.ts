/** All commands with their keys: the toolbar, the menus, the keyboard and the help are made of this table. */

import { cancelRun, run, saveFile } from "./acting";
import { ask } from "./asking";
import { desk, docOf, redoNext, roomOf, type TextKey, tabOf, undoLast } from "./desk";
import {
  alignChosen,
  copyChosen,
  distributeChosen,
  duplicateChosen,
  groupChosen,
  layOutChosen,
  makeSubgraphOfChosen,
  openSubgraph,
  pasteKept,
  publishSubgraph,
  removeChosen,
  selectAll,
  toggleFolded,
  toggleMode,
  togglePinned,
  unpackSubgraph,
} from "./doing";
import { openEmpty, saveVersion } from "./keep";
import { chosen } from "./selecting";

export interface Command {
  readonly label: TextKey;
  /** `Mod` is Ctrl, or ⌘ on a Mac. The first is shown. */
  readonly keys: readonly string[];
  readonly group: "run" | "edit" | "node" | "arrange" | "file" | "look";
  readonly act: () => void;
  readonly isOff?: () => boolean;
}

const hasNodes = () => chosen().nodes.length > 0;
const nothing = () => !hasNodes();
const none = () => (tabOf(desk())?.selected.size ?? 0) === 0;
const fewerThan = (count: number) => () => chosen().nodes.length < count;

/** The one subgraph that is selected; empty for none. */
export function chosenSubgraph(): string {
  const state = desk();
  const [id, ...rest] = chosen(state).nodes;
  const node = id && rest.length === 0 ? roomOf(state).nodes.get(id) : undefined;
  return node && docOf(state)?.subgraphs.has(node.type) ? node.id : "";
}

const middle = (): readonly [number, number] => [innerWidth / 2 - 200, innerHeight / 3];

export const COMMANDS = {
  run: { label: "run", keys: ["Mod+Enter"], group: "run", act: () => void run() },
  runTo: {
    label: "run to",
    keys: ["Mod+Shift+Enter"],
    group: "run",
    act: () => void run({ targets: chosen().nodes }),
    isOff: nothing,
  },
  cancel: { label: "cancel run", keys: ["Mod+Alt+Enter"], group: "run", act: () => void cancelRun() },
  undo: {
    label: "undo",
    keys: ["Mod+Z"],
    group: "edit",
    act: undoLast,
    isOff: () => (tabOf(desk())?.history.past.length ?? 0) === 0,
  },
  redo: {
    label: "redo",
    keys: ["Mod+Shift+Z", "Mod+Y"],
    group: "edit",
    act: redoNext,
    isOff: () => (tabOf(desk())?.history.future.length ?? 0) === 0,
  },
  add: {
    label: "add node",
    keys: ["Mod+Space", "A", "/"],
    group: "edit",
    act: () => {
      if (!tabOf(desk())) openEmpty();
      ask({ kind: "add", at: middle(), isFree: true });
    },
  },
  copy: { label: "copy", keys: ["Mod+C"], group: "edit", act: () => void copyChosen(), isOff: nothing },
  paste: { label: "paste", keys: ["Mod+V"], group: "edit", act: () => void pasteKept() },
  pasteLinked: {
    label: "paste linked",
    keys: ["Mod+Shift+V"],
    group: "edit",
    act: () => void pasteKept({ withWires: true }),
  },
  duplicate: { label: "duplicate", keys: ["Mod+D"], group: "edit", act: duplicateChosen, isOff: nothing },
  remove: { label: "remove", keys: ["Delete", "Backspace"], group: "edit", act: removeChosen, isOff: none },
  selectAll: { label: "select all", keys: ["Mod+A"], group: "edit", act: selectAll },
  mute: { label: "mute", keys: ["Mod+M"], group: "node", act: () => toggleMode("muted"), isOff: nothing },
  bypass: {
    label: "bypass",
    keys: ["Mod+B"],
    group: "node",
    act: () => toggleMode("bypassed"),
    isOff: nothing,
  },
  fold: { label: "fold", keys: ["Alt+C"], group: "node", act: toggleFolded, isOff: nothing },
  pin: { label: "pin", keys: ["P"], group: "node", act: togglePinned, isOff: nothing },
  rename: {
    label: "rename",
    keys: ["F2"],
    group: "node",
    act: () => {
      const { nodes, groups } = chosen();
      if (nodes[0]) ask({ kind: "rename", what: "node", id: nodes[0] });
      else if (groups[0]) ask({ kind: "rename", what: "group", id: groups[0] });
    },
    isOff: () => nothing() && chosen().groups.length === 0,
  },
  group: { label: "make group", keys: ["Mod+G"], group: "node", act: groupChosen, isOff: nothing },
  subgraph: {
    label: "make subgraph",
    keys: ["Mod+Shift+E"],
    group: "node",
    act: makeSubgraphOfChosen,
    isOff: nothing,
  },
  openSubgraph: {
    label: "open subgraph",
    keys: ["Alt+Enter"],
    group: "node",
    act: () => openSubgraph(chosenSubgraph()),
    isOff: () => !chosenSubgraph(),
  },
  unpack: {
    label: "unpack",
    keys: ["Mod+Shift+U"],
    group: "node",
    act: () => unpackSubgraph(chosenSubgraph()),
    isOff: () => !chosenSubgraph(),
  },
  publish: {
    label: "publish",
    keys: [],
    group: "node",
    act: () => void publishSubgraph(chosenSubgraph()),
    isOff: () => !chosenSubgraph(),
  },
  layOut: { label: "lay out", keys: ["Mod+L"], group: "arrange", act: layOutChosen },
  alignLeft: {
    label: "align left",
    keys: ["Alt+ArrowLeft"],
    group: "arrange",
    act: () => alignChosen("left"),
    isOff: fewerThan(2),
  },
  alignRight: {
    label: "align right",
    keys: ["Alt+ArrowRight"],
    group: "arrange",
    act: () => alignChosen("right"),
    isOff: fewerThan(2),
  },
  alignTop: {
    label: "align top",
    keys: ["Alt+ArrowUp"],
    group: "arrange",
    act: () => alignChosen("top"),
    isOff: fewerThan(2),
  },
  alignBottom: {
    label: "align bottom",
    keys: ["Alt+ArrowDown"],
    group: "arrange",
    act: () => alignChosen("bottom"),
    isOff: fewerThan(2),
  },
  alignCentre: {
    label: "align centre",
    keys: [],
    group: "arrange",
    act: () => alignChosen("centre"),
    isOff: fewerThan(2),
  },
  alignMiddle: {
    label: "align middle",
    keys: [],
    group: "arrange",
    act: () => alignChosen("middle"),
    isOff: fewerThan(2),
  },
  across: {
    label: "spread across",
    keys: [],
    group: "arrange",
    act: () => distributeChosen("across"),
    isOff: fewerThan(3),
  },
  down: {
    label: "spread down",
    keys: [],
    group: "arrange",
    act: () => distributeChosen("down"),
    isOff: fewerThan(3),
  },
  create: { label: "new workflow", keys: ["Alt+N"], group: "file", act: openEmpty },
  open: { label: "open file", keys: ["Mod+O"], group: "file", act: () => ask({ kind: "open" }) },
  save: {
    label: "save",
    keys: ["Mod+S"],
    group: "file",
    act: () => {
      const tab = tabOf(desk());
      if (tab?.workflowId) void saveVersion(tab.id);
      else ask({ kind: "save" });
    },
  },
  saveAs: { label: "save as", keys: ["Mod+Shift+S"], group: "file", act: () => ask({ kind: "save" }) },
  download: { label: "save file", keys: [], group: "file", act: () => void saveFile("editor") },
  exportApi: { label: "export api", keys: [], group: "file", act: () => void saveFile("api") },
  help: { label: "help", keys: ["?"], group: "look", act: () => ask({ kind: "help" }) },
} satisfies Record<string, Command>;

export type CommandName = keyof typeof COMMANDS;
export const ALL: readonly (Command & { readonly name: CommandName })[] = Object.entries(COMMANDS).map(
  ([name, command]) => ({ ...command, name: name as CommandName }),
);

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

/** A key as people read it. */
export function keyText(key: string): string {
  const names: Readonly<Record<string, string>> = {
    Mod: isMac ? "⌘" : "Ctrl",
    Alt: isMac ? "⌥" : "Alt",
    ArrowLeft: "←",
    ArrowRight: "→",
    ArrowUp: "↑",
    ArrowDown: "↓",
    Delete: "Del",
  };
  return key
    .split("+")
    .map((part) => names[part] ?? part)
    .join("+");
}

/** Whether an event is of a key such as `Mod+Shift+Z`. */
export function isKey(event: KeyboardEvent, key: string): boolean {
  const parts = key.split("+");
  const last = parts.at(-1) ?? "";
  const has = (part: string) => parts.includes(part);
  if ((event.ctrlKey || event.metaKey) !== has("Mod") || event.altKey !== has("Alt")) return false;
  const isSign = last.length === 1 && !/[a-z0-9]/i.test(last);
  if (!isSign && event.shiftKey !== has("Shift")) return false;
  if (last === "Space") return event.code === "Space";
  // letters by their place where Alt or another layout gives other signs
  return (
    event.key.toLowerCase() === last.toLowerCase() ||
    (/^[A-Z]$/.test(last) && has("Alt") && event.code === `Key${last}`)
  );
}
