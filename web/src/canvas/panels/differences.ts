/** What differs between two documents, in words. */

import { compare, type Difference, type NodeChange, type RoomChange, type WireChange } from "@/graph/compare";
import { formatJson, type Json } from "@/graph/json";
import { portsOf, specOf } from "@/graph/specs";
import { type Catalog, type Doc, type DocNode, INPUTS, OUTPUTS, type Room } from "@/graph/types";
import type { Translate } from "@/texts/texts";
import { nodeTitle, shownName } from "../names";

type T = Translate<"canvas">;

/** Something that differs. */
export interface Line {
  readonly kind: "added" | "removed" | "changed" | "looks";
  readonly text: string;
  /** A value before and after, where one has changed; empty for none. */
  readonly values: readonly [before: string, after: string] | null;
}

export interface Section {
  /** Name of the subgraph; empty for the outermost graph. */
  readonly name: string;
  readonly lines: readonly Line[];
}

/** Graph by graph, what does something first and mere looks last; empty for two documents that are the same. */
export function differences(before: Doc, after: Doc, catalog: Catalog, t: T): readonly Section[] {
  return compare(before, after).map((change) => {
    const [one, other] = [before, after].map((doc) => ({ doc, catalog, room: roomOf(doc, change) }));
    return { name: change.name, lines: one && other ? linesOf(change, one, other, t) : [] };
  });
}

interface Side {
  readonly doc: Doc;
  readonly catalog: Catalog;
  readonly room: Room | undefined;
}

function roomOf(doc: Doc, { subgraph }: RoomChange): Room | undefined {
  return subgraph === "" ? doc.root : doc.subgraphs.get(subgraph)?.room;
}

function linesOf(change: RoomChange, before: Side, after: Side, t: T): readonly Line[] {
  const moved = change.changed.filter(({ isMoved }) => isMoved).length;
  const looks = [
    moved > 0 && t("panel nodes moved", { n: moved }),
    change.groupsChanged > 0 && t("panel groups changed", { n: change.groupsChanged }),
  ].filter((text) => text !== false);
  const [gone, fresh] = [change.removed, change.added].map((nodes) => new Set(nodes.map(({ id }) => id)));
  // with a node go its wires, and with several new ones come those among them
  const cut = change.wiresRemoved.filter(({ from, to }) => !gone?.has(from) && !gone?.has(to));
  const drawn = change.wiresAdded.filter(({ from, to }) => !fresh?.has(from) || !fresh?.has(to));
  const changed = change.changed.flatMap((one) => changedLines(one, before, after, t));
  return [
    ...change.added.map((node) => plain("added", t("panel node added", { node: titleOf(after, node) }))),
    ...change.removed.map((node) =>
      plain("removed", t("panel node removed", { node: titleOf(before, node) })),
    ),
    ...changed.filter(({ kind }) => kind !== "looks"),
    ...drawn.map((wire) => plain("added", t("panel wire added", endsOf(after, wire, t)))),
    ...cut.map((wire) => plain("removed", t("panel wire removed", endsOf(before, wire, t)))),
    ...changed.filter(({ kind }) => kind === "looks"),
    ...looks.map((text) => plain("looks", text)),
  ];
}

function changedLines(change: NodeChange, before: Side, after: Side, t: T): readonly Line[] {
  const node = titleOf(after, change.after);
  return [
    ...change.values.map((one): Line => {
      const name = nameOf(one, change.after, after, t);
      const [earlier, later] = [one.before, one.after].map((value) => valueText(one, value, t));
      return { kind: "changed", text: `${node} · ${name}`, values: [earlier ?? "", later ?? ""] };
    }),
    ...change.fields.map((one) => fieldLine(one, change, node, before, t)),
  ];
}

const CONTROL = ": control"; // how the comparison names what becomes of a seed between runs

function nameOf({ name }: Difference, node: DocNode, { doc, catalog }: Side, t: T): string {
  const widget = name.endsWith(CONTROL) ? name.slice(0, -CONTROL.length) : name;
  const label = portsOf(doc, catalog, node).widgets.find((port) => port.name === widget)?.label ?? widget;
  return name === widget ? shownName(label) : `${shownName(label)}, ${t("after each run")}`;
}

function valueText({ name }: Difference, value: Json | undefined, t: T): string {
  if (value === undefined) return t("panel usual value");
  if (name.endsWith(CONTROL) && typeof value === "string") return t(`control ${value}` as Parameters<T>[0]);
  return typeof value === "string" ? value : formatJson(value);
}

function fieldLine(one: Difference, change: NodeChange, node: string, before: Side, t: T): Line {
  switch (one.name) {
    case "title":
      return plain("looks", t("panel node renamed", { node, before: titleOf(before, change.before) }));
    case "mode":
      return {
        kind: "changed",
        text: `${node} · ${t("panel mode")}`,
        values: [modeText(one.before, t), modeText(one.after, t)],
      };
    case "type":
      return {
        kind: "changed",
        text: `${node} · ${t("panel type")}`,
        values: [String(one.before), String(one.after)],
      };
    case "collapsed":
      return plain("looks", t(one.after ? "panel node folded" : "panel node unfolded", { node }));
    case "pinned":
      return plain("looks", t(one.after ? "panel node pinned" : "panel node unpinned", { node }));
    default:
      return plain("looks", t("panel node coloured", { node }));
  }
}

function modeText(mode: Json | undefined, t: T): string {
  return mode === "muted"
    ? t("mode muted")
    : mode === "bypassed"
      ? t("mode bypassed")
      : t("panel mode always");
}

function plain(kind: Line["kind"], text: string): Line {
  return { kind, text, values: null };
}

function titleOf({ doc, catalog }: Side, node: DocNode): string {
  return nodeTitle(node, specOf(doc, catalog, node));
}

function endsOf(side: Side, wire: WireChange, t: T): { from: string; to: string } {
  return {
    from: endOf(
      side,
      wire.from,
      (node) => portsOf(side.doc, side.catalog, node).outputs[wire.output]?.label,
      t,
    ),
    to: endOf(side, wire.to, () => wire.input, t),
  };
}

function endOf(side: Side, id: string, port: (node: DocNode) => string | undefined, t: T): string {
  if (id === INPUTS) return t("inputs");
  if (id === OUTPUTS) return t("outputs");
  const node = side.room?.nodes.get(id);
  return node ? `${titleOf(side, node)} · ${shownName(port(node) ?? "")}` : id;
}
