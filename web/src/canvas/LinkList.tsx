import { useCallback, useMemo } from "react";
import { wireInto, wiresOutOf } from "@/graph/room";
import { portAt, portsOf, specOf } from "@/graph/specs";
import { INPUTS, OUTPUTS } from "@/graph/types";
import { disconnect } from "@/graph/wires";
import { useTexts } from "@/texts/texts";
import { type Ask, ask, asked, type Pull } from "./asking";
import { desk, docOf, edit, roomOf, tabOf, useDefinition } from "./desk";
import { type Entry, Finder } from "./Finder";
import { inputSpot, outputSpot } from "./geometry";
import { link } from "./linking";
import { nodeTitle, shownName } from "./names";
import { fitting, pulledType, spotKey } from "./pulling";
import { TypeDot } from "./TypeDot";
import { apart } from "./twins";

interface End extends Entry {
  readonly act: () => void;
}

/** Draws a wire without the pointer: lists all that the socket may be linked to. */
export function LinkList({ what }: { what: Extract<Ask, { kind: "link" }> }) {
  const t = useTexts("canvas");
  const definition = useDefinition();
  const { pull } = what;
  const at = useMemo(() => placeOf(pull), [pull]);
  const ends = useMemo((): readonly End[] => {
    const state = desk();
    const [doc, tab, room] = [docOf(state), tabOf(state), roomOf(state)];
    if (!doc || !tab) return [];
    const { path } = tab;
    const fits = fitting(doc, path, state.catalog, pull);
    const type = pulledType(doc, path, state.catalog, pull);
    const notes = apart(doc, room, state.catalog);
    const found: { end: End; rate: number }[] = [];
    const add = (node: string, spot: string, title: string, name: string, its: string, rate: number) => {
      if (!fits.has(spotKey(node, spot))) return;
      const end = {
        key: spotKey(node, spot),
        title: `${title} · ${shownName(name)}`,
        about: its,
        mark: <TypeDot type={its} />,
        act: () => link(pull, node, spot),
      };
      found.push({ end, rate: rate + (its === type ? 0 : 2) });
    };
    for (const node of room.nodes.values()) {
      const { inputs, widgets, outputs } = portsOf(doc, state.catalog, node);
      const title = [nodeTitle(node, specOf(doc, state.catalog, node)), notes.get(node.id)]
        .filter(Boolean)
        .join(" ");
      for (const port of [...inputs, ...widgets]) {
        const isFree = wireInto(room, node.id, port.slot) === null;
        add(
          node.id,
          inputSpot(port.key),
          title,
          port.label,
          port.type,
          (port.isWidget ? 3 : 0) + (isFree ? 0 : 1),
        );
      }
      for (const [place, port] of outputs.entries()) {
        add(node.id, outputSpot(place), title, port.label, port.type, 0);
      }
    }
    for (const [place, port] of [...(definition?.inputs ?? []), null].entries()) {
      const spot = outputSpot(port ? place : -1);
      add(INPUTS, spot, t("inputs"), port ? port.label || port.name : t("new end"), port?.type ?? "*", 4);
    }
    for (const [place, port] of [...(definition?.outputs ?? []), null].entries()) {
      const spot = inputSpot(port ? String(place) : "");
      add(OUTPUTS, spot, t("outputs"), port ? port.label || port.name : t("new end"), port?.type ?? "*", 4);
    }
    const further: End[] = [
      { key: "add", title: t("add and link"), act: () => ask({ kind: "add", at, pull, isFree: true }) },
    ];
    const wires = wiresAt(pull);
    if (wires.length > 0) {
      further.push({
        key: "unlink",
        title: t("unlink"),
        act: () => edit("did unlink", (now, where, catalog) => disconnect(now, where, catalog, wires)),
      });
    }
    return [...found.sort((one, other) => one.rate - other.rate).map(({ end }) => end), ...further];
  }, [pull, definition, at, t]);
  const find = useCallback(
    (text: string) => {
      const words = text.toLowerCase().split(/\s+/).filter(Boolean);
      return ends.filter(({ title, about }) =>
        words.every((word) => `${title} ${about}`.toLowerCase().includes(word)),
      );
    },
    [ends],
  );
  return (
    <Finder
      label={t("link to")}
      placeholder={t("search sockets")}
      at={at}
      find={find}
      onChoose={({ act }) => {
        asked();
        act();
      }}
      onClose={asked}
    />
  );
}

/** The wires at an end. */
export function wiresAt({ node, end }: Pull): readonly string[] {
  const state = desk();
  const [doc, room] = [docOf(state), roomOf(state)];
  if (!doc) return [];
  if ("output" in end) return wiresOutOf(room, node, end.output).map(({ id }) => id);
  const its = room.nodes.get(node);
  const slot = its ? (portAt(doc, state.catalog, its, end.input)?.slot ?? null) : Number(end.input);
  const wire = wireInto(room, node, slot);
  return wire ? [wire.id] : [];
}

/** Beside the socket, or in the middle of the page where it is not to be seen. */
function placeOf({ node, end }: Pull): readonly [number, number] {
  const spot = "output" in end ? outputSpot(end.output) : inputSpot(end.input);
  const selector = `[data-node="${CSS.escape(node)}"] [data-spot="${CSS.escape(spot)}"]`;
  const box = document.querySelector(selector)?.getBoundingClientRect();
  return box ? [box.left + 8, box.bottom + 4] : [innerWidth / 2 - 300, innerHeight / 2 - 200];
}
