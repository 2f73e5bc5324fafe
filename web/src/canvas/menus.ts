/** What the right mouse button offers, by what it points at. */

import { inputToWidget, widgetToInput } from "@/graph/edit";
import { expose, hide, isExposed } from "@/graph/expose";
import { fitGroup } from "@/graph/groups";
import { promote, removeRoomPort } from "@/graph/ports";
import { promotion, promotions } from "@/graph/promote";
import { nodeAt } from "@/graph/room";
import { portAt, portsOf } from "@/graph/specs";
import { INPUTS } from "@/graph/types";
import { disconnect, removeReroutes } from "@/graph/wires";
import { texts } from "@/texts/texts";
import type { MenuItem } from "@/ui";
import { ask } from "./asking";
import { COMMANDS, type Command, type CommandName, chosenSubgraph, keyText } from "./commands";
import { desk, docOf, edit, roomOf, type TextKey, tabOf } from "./desk";
import { addNote, paint, pasteKept } from "./doing";
import { wireOf } from "./flow";
import { spotOf } from "./geometry";
import { wiresAt } from "./LinkList";
import { addWaypoint } from "./linking";
import { suggestedLabel } from "./panels/naming";
import { chosen, select } from "./selecting";
import { trayItems } from "./traying";
import { PAINTS, type Paint } from "./typeColours";

export type Pointed =
  | { readonly kind: "pane" }
  | { readonly kind: "node"; readonly id: string; readonly spot: string }
  | { readonly kind: "group"; readonly id: string }
  | { readonly kind: "waypoint"; readonly id: string }
  | { readonly kind: "wire"; readonly edge: string };

type At = readonly [x: number, y: number];

/** What lies under the pointer, or has the keyboard. */
export function pointedAt(target: Element): Pointed {
  const edge = target.closest<HTMLElement>(".react-flow__edge")?.dataset.id;
  if (edge) return { kind: "wire", edge };
  const id = target.closest<HTMLElement>(".react-flow__node")?.dataset.id;
  if (!id) return { kind: "pane" };
  if (id.startsWith("g:")) return { kind: "group", id: id.slice(2) };
  if (id.startsWith("r:")) return { kind: "waypoint", id: id.slice(2) };
  const own = target.closest<HTMLElement>("[data-spot]")?.dataset.spot;
  const inRow = target.closest("[data-widget]")?.getAttribute("data-widget");
  const handle = target.closest<HTMLElement>(".react-flow__handle")?.dataset.handleid;
  return { kind: "node", id, spot: own ?? handle ?? (inRow ? `in:${inRow}` : "") };
}

/** Selects what is pointed at, unless it is part of what is selected. */
export function selectPointed(what: Pointed): void {
  const id =
    what.kind === "node"
      ? what.id
      : what.kind === "group"
        ? `g:${what.id}`
        : what.kind === "waypoint"
          ? `r:${what.id}`
          : what.kind === "wire"
            ? `w:${wireOf(what.edge)}`
            : "";
  if (id && !tabOf(desk())?.selected.has(id)) select([id]);
}

export function menuFor(what: Pointed, flowAt: At, screenAt: At): readonly MenuItem[] {
  switch (what.kind) {
    case "pane":
      return paneMenu(flowAt, screenAt);
    case "group":
      return groupMenu(what.id);
    case "waypoint":
      return [
        {
          label: t("remove"),
          danger: true,
          onSelect: () => edit("did remove", (doc, path) => removeReroutes(doc, path, [what.id])),
        },
      ];
    case "wire":
      return [
        { label: t("add waypoint"), onSelect: () => addWaypoint(what.edge, flowAt) },
        { label: t("unlink"), danger: true, onSelect: () => unlink([wireOf(what.edge)]) },
      ];
    case "node":
      return nodeMenu(what.id, what.spot);
  }
}

const t = texts("canvas");

function item(name: CommandName, more: Partial<NonNullable<MenuItem>> = {}): MenuItem {
  const command: Command = COMMANDS[name];
  return {
    label: t(command.label),
    disabled: command.isOff?.() ?? false,
    onSelect: command.act,
    ...(command.keys[0] ? { shortcut: keyText(command.keys[0]) } : {}),
    ...more,
  };
}

function unlink(wires: readonly string[]): void {
  edit("did unlink", (doc, path, catalog) => disconnect(doc, path, catalog, wires));
}

function paneMenu(at: At, screenAt: At): readonly MenuItem[] {
  return [
    item("add", { onSelect: () => ask({ kind: "add", at: screenAt }) }),
    { label: t("add note"), onSelect: () => addNote(at) },
    item("paste", { onSelect: () => void pasteKept({ at }) }),
    null,
    item("selectAll"),
    item("layOut"),
    null,
    item("undo"),
    item("redo"),
  ];
}

function groupMenu(id: string): readonly MenuItem[] {
  return [
    item("rename", { onSelect: () => ask({ kind: "rename", what: "group", id }) }),
    {
      label: t("fit group"),
      onSelect: () => edit("did resize group", (doc, path) => fitGroup(doc, path, id)),
    },
    null,
    ...paints(),
    null,
    item("remove", { label: t("remove group"), danger: true }),
  ];
}

function paints(): readonly MenuItem[] {
  return [
    { label: t("colour none"), onSelect: () => paint(null) },
    ...Object.keys(PAINTS).map(
      (name): MenuItem => ({
        label: t(`colour ${name}` as TextKey),
        onSelect: () => paint(name as Paint),
      }),
    ),
  ];
}

function nodeMenu(id: string, spot: string): readonly MenuItem[] {
  const state = desk();
  const node = roomOf(state).nodes.get(id);
  const many = chosen(state).nodes.length > 1;
  if (!node) return endMenu(id, spot);
  const ofSocket = socketMenu(id, spot);
  const modes: readonly MenuItem[] = [
    item("mute", { checked: node.mode === "muted" }),
    item("bypass", { checked: node.mode === "bypassed" }),
    item("fold", { checked: node.collapsed }),
    item("pin", { checked: node.pinned }),
  ];
  return [
    ...ofSocket,
    item("runTo"),
    ...trayItems(id),
    { label: t("why again"), disabled: many, onSelect: () => ask({ kind: "reasons", node: id }) },
    null,
    item("rename", { onSelect: () => ask({ kind: "rename", what: "node", id }), disabled: many }),
    item("copy"),
    item("duplicate"),
    ...modes,
    { label: t("colours"), onSelect: () => ask({ kind: "colours" }) },
    null,
    ...(many
      ? [
          item("alignLeft"),
          item("alignRight"),
          item("alignTop"),
          item("alignBottom"),
          item("alignCentre"),
          item("alignMiddle"),
          item("across"),
          item("down"),
          item("group"),
        ]
      : [item("group")]),
    item("subgraph"),
    ...(chosenSubgraph() ? [item("openSubgraph"), item("unpack"), item("publish"), promotedItem(id)] : []),
    null,
    item("remove", { danger: true }),
  ];
}

function promotedItem(id: string): MenuItem {
  return { label: t("promoted"), onSelect: () => ask({ kind: "promoted", node: id }) };
}

/** What can be done with a socket or widget of a node. */
function socketMenu(id: string, spot: string): readonly MenuItem[] {
  const state = desk();
  const [doc, tab] = [docOf(state), tabOf(state)];
  if (!spot || !doc || !tab) return [];
  const end = spotOf(spot);
  const wires = wiresAt({ node: id, end });
  const items: MenuItem[] = [
    { label: t("link to"), onSelect: () => ask({ kind: "link", pull: { node: id, end } }) },
    { label: t("unlink"), disabled: wires.length === 0, onSelect: () => unlink(wires) },
  ];
  const node = nodeAt(doc, tab.path, id);
  const port = node && "input" in end ? portAt(doc, state.catalog, node, end.input) : null;
  if (node && port?.isWidget) {
    const { path } = tab;
    const isShown = isExposed(doc, path, id, port.name);
    items.push(
      port.slot === null
        ? {
            label: t("to socket"),
            onSelect: () =>
              edit("did make socket", (now, at, catalog) => widgetToInput(now, at, catalog, id, port.key)),
          }
        : {
            label: t("to widget"),
            disabled: wires.length > 0,
            onSelect: () =>
              edit("did make widget", (now, at, catalog) => inputToWidget(now, at, catalog, id, port.key)),
          },
      {
        label: t("in form"),
        checked: isShown,
        onSelect: () =>
          edit("did expose", (now, at) =>
            isShown
              ? hide(now, at, id, port.name)
              : expose(now, at, id, port.name, suggestedLabel(now, at, desk().catalog, id, port.name)),
          ),
      },
    );
    const outer = path.at(-1);
    const holder = outer === undefined ? null : nodeAt(doc, path.slice(0, -1), outer);
    if (outer !== undefined && holder) {
      const one = promotion(id, port.name);
      const isOn = promotions(holder.properties)?.some(({ key }) => key === one.key) ?? false;
      items.push({
        label: t("promote"),
        checked: isOn,
        onSelect: () => edit("did promote", (now, at) => promote(now, at.slice(0, -1), outer, one, !isOn)),
      });
    }
  }
  return [...items, null];
}

/** Of the ends of a subgraph, seen from inside. */
function endMenu(id: string, spot: string): readonly MenuItem[] {
  if (!spot) return [];
  const end = spotOf(spot);
  const place = "output" in end ? end.output : end.input === "" ? -1 : Number(end.input);
  return [
    { label: t("link to"), onSelect: () => ask({ kind: "link", pull: { node: id, end } }) },
    {
      label: t("remove end"),
      danger: true,
      disabled: place < 0,
      onSelect: () =>
        edit("did remove", (doc, path) =>
          removeRoomPort(doc, path, id === INPUTS ? "inputs" : "outputs", place),
        ),
    },
  ];
}

/** Widgets inside of a subgraph, with whether each is shown on its outside. */
export function promotable(id: string) {
  const state = desk();
  const [doc, tab] = [docOf(state), tabOf(state)];
  const node = roomOf(state).nodes.get(id);
  const definition = node && doc?.subgraphs.get(node.type);
  if (!doc || !tab || !node || !definition) return [];
  const listed = promotions(node.properties) ?? [];
  return [...definition.room.nodes.values()].flatMap((inner) =>
    portsOf(doc, state.catalog, inner).widgets.map((port) => {
      const one = promotion(inner.id, port.name);
      return { one, inner, port, isOn: listed.some(({ key }) => key === one.key) };
    }),
  );
}
