/** The run that is being prepared: kept in the browser at once, so that a reload shows the same. */

import { create } from "zustand";
import type { Schemas } from "@/api/client";
import { differing, merged, type Values, withValue } from "./settings";

export interface Draft {
  /** Of a preset; empty before one is chosen. */
  readonly preset: string;
  /** What was set by hand. */
  readonly changes: Values;
}

type Form = Schemas["TrainingForm"];

const KEPT = "safelight.training.draft";
const NOTHING: Draft = { preset: "subject", changes: {} };

export const useDraft = create<Draft>(() => remembered());

useDraft.subscribe((draft) => {
  try {
    localStorage.setItem(KEPT, JSON.stringify(draft));
  } catch {
    // The browser keeps nothing, or is full: the page works without.
  }
});

function remembered(): Draft {
  try {
    return { ...NOTHING, ...(JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Partial<Draft>) };
  } catch {
    return NOTHING;
  }
}

/** Set a setting by its path; undefined leaves it to the preset again. */
export function put(path: string, value: unknown): void {
  useDraft.setState(({ changes }) => ({ changes: withValue(changes, path, value) }));
}

export function choosePreset(preset: string): void {
  useDraft.setState({ preset });
}

export function startAnew(): void {
  useDraft.setState(NOTHING);
}

/** Prepare a run like another one: with its settings, but for its name. */
export function startFrom(settings: Values, { defaults }: Form): void {
  const asked = ["kind", "checkpoint"].map((name) => [name, settings[name]] as const);
  const changes = [...asked, ...differing(settings, defaults)].reduce<Values>(
    (all, [path, value]) => withValue(all, path, value),
    {},
  );
  useDraft.setState({ preset: "", changes });
}

/** What the draft says where nothing was set by hand. */
export function usual({ defaults, presets }: Form, preset: string): Values {
  return merged(defaults, presets.find(({ name }) => name === preset)?.values ?? {});
}

/** What is sent: the preset and what was set by hand. The rest is left to the server's defaults. */
export function wanted({ presets }: Form, { preset, changes }: Draft): Values {
  return merged(presets.find(({ name }) => name === preset)?.values ?? {}, changes);
}

/** A name for a folder of pictures: as the run is called, without what no folder may have in its name. */
export function folderFor(name: string, now: Date): string {
  const plain = name
    .trim()
    .replace(/[^\p{L}\p{N} .+_-]/gu, "")
    .replace(/^[ .+-]+|[ .]+$/g, "");
  return `training/${plain || now.toISOString().slice(0, 16).replace(/\D/g, "")}`;
}

/** Names for files, so that no two have the same but for their endings: captions go by that. */
export function distinct(names: readonly string[], taken: readonly string[]): readonly string[] {
  const stems = new Set(taken.map((name) => stemOf(name).toLowerCase()));
  return names.map((name) => {
    const [stem, ending] = [stemOf(name), name.slice(stemOf(name).length)];
    let found = stem;
    for (let number = 2; stems.has(found.toLowerCase()); number++) found = `${stem}-${number}`;
    stems.add(found.toLowerCase());
    return found + ending;
  });
}

export function stemOf(name: string): string {
  return name.replace(/\.[^./\\]*$/, "") || name;
}
