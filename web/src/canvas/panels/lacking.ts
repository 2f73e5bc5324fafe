/** What the workflow that is shown names and this server does not have, and how to mend it. */

import { useShallow } from "zustand/react/shallow";
import { placeOf } from "@/graph/apiIds";
import { setValue } from "@/graph/edit";
import { settingPlace } from "@/graph/expose";
import { objectOf, textOf } from "@/graph/json";
import { roomsOf } from "@/graph/room";
import type { Doc } from "@/graph/types";
import { changeShown, edit, type Lacking, type Missing, type Tab, tabOf, useDesk } from "../desk";
import { shownName } from "../names";

type Lacks = Pick<Lacking, "unknown" | "missing">;
const NOTHING: Lacks = { unknown: [], missing: [] };

/** As the server said of the newest change, else on opening. */
function lacksOf(tab: Tab | undefined): Lacks {
  return tab?.verdict?.lacks ?? tab?.lacking ?? NOTHING;
}

export function useLacks(): Lacks {
  return useDesk(useShallow((state) => lacksOf(tabOf(state))));
}

export function useIsLacking(): boolean {
  return useDesk((state) => {
    const { unknown, missing } = lacksOf(tabOf(state));
    return unknown.length + missing.length > 0;
  });
}

/** A file that is missing, with all places that name it. */
export interface Wanted {
  readonly folder: string;
  readonly name: string;
  readonly nearest: readonly string[];
  readonly places: readonly Missing[];
}

/** Each file once, in the order of the places. */
export function wantedFiles(missing: readonly Missing[]): readonly Wanted[] {
  const found = new Map<string, Wanted>();
  for (const one of missing) {
    const key = `${one.folder}/${one.name}`;
    const { nearest, places } = found.get(key) ?? { nearest: [], places: [] };
    found.set(key, {
      folder: one.folder,
      name: one.name,
      nearest: [...new Set([...nearest, ...one.nearest])],
      places: [...places, one],
    });
  }
  return [...found.values()];
}

/** Put another file wherever the missing one is named; one that a subgraph shows on its outside is set there. */
export function replaced(doc: Doc, places: readonly Missing[], by: string): Doc {
  return places.reduce((now, { node, input }) => {
    const { path, id } = placeOf(node);
    const place = settingPlace(now, path, id, input);
    return setValue(now, place.path, place.id, place.widget, by);
  }, doc);
}

/** Put another file in place of a missing one, as a step that can be undone; the server's next answer says the same. */
export function replaceFile(places: readonly Missing[], by: string): void {
  edit("did set", (doc) => replaced(doc, places, by), {
    params: { name: shownName(places[0]?.input ?? "") },
  });
  const isRest = (one: Missing) =>
    !places.some(({ node, input, name }) => node === one.node && input === one.input && name === one.name);
  changeShown(({ lacking, verdict }) => {
    const rest = lacking && { ...lacking, missing: lacking.missing.filter(isRest) };
    return {
      lacking: rest && rest.missing.length + rest.unknown.length > 0 ? rest : null,
      verdict: verdict && {
        ...verdict,
        lacks: { ...verdict.lacks, missing: verdict.lacks.missing.filter(isRest) },
      },
    };
  });
}

/** A node type that is not known here. */
export interface Stranger {
  readonly type: string;
  /** How many nodes are of it. */
  readonly count: number;
  /** The package that the file says it is of; empty where it says nothing. */
  readonly origin: string;
  readonly version: string;
}

/** What a document says of node types: editors note in each node which package it came with. */
export function strangers(doc: Doc, types: readonly string[]): readonly Stranger[] {
  const nodes = roomsOf(doc).flatMap((room) => [...room.nodes.values()]);
  return types.map((type) => {
    const its = nodes.filter((node) => node.type === type);
    const noted = its.map(({ properties }) => objectOf(properties));
    const named = noted.find((one) => textOf(one.cnr_id) || textOf(one.aux_id));
    return {
      type,
      count: its.length,
      origin: textOf(named?.aux_id) || textOf(named?.cnr_id),
      version: textOf(named?.ver),
    };
  });
}

/** Where a package is to be seen; null for a name that is no address. */
export function pageOf(origin: string): string | null {
  return /^[\w.-]+\/[\w.-]+$/.test(origin) ? `https://github.com/${origin}` : null;
}
