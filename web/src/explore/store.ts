/** What a person explores: kept in the browser at once, so that a reload shows the same. */

import { create } from "zustand";
import { formatJson, type Json, type JsonObject, parseJson } from "@/graph/json";
import { type Axis, carriedOver } from "./axes";
import type { Line } from "./cells";
import type { Base } from "./requests";
import type { Change, Setting } from "./workflow";

/** A grid that was asked for. */
export interface Run {
  readonly batch: string;
  /** Ids of jobs, by key of cells. */
  readonly jobs: Readonly<Record<string, string>>;
  readonly lines: readonly Line[];
  readonly fixed: readonly Change[];
  readonly axes: readonly Axis[];
  readonly base: Base;
  /** Milliseconds since 1970. */
  readonly asked: number;
}

export interface Exploring {
  readonly base: Base | null;
  /** Values that all cells have in place of the workflow's, by key of settings. */
  readonly fixed: Readonly<Record<string, Json>>;
  readonly axes: readonly Axis[];
  readonly run: Run | null;
  /** Grids before this one, the newest first. */
  readonly earlier: readonly Run[];
}

const KEPT = "safelight.explore";
const MOST_EARLIER = 12;
const NOTHING: Exploring = { base: null, fixed: {}, axes: [], run: null, earlier: [] };

export const useExploring = create<Exploring>(() => remembered());

const set = useExploring.setState;

useExploring.subscribe((state) => {
  for (const earlier of [state.earlier, state.earlier.slice(0, 3), []]) {
    try {
      localStorage.setItem(KEPT, formatJson({ ...state, earlier } as unknown as JsonObject));
      return;
    } catch {
      // it is full: with fewer of the earlier ones it may fit
    }
  }
});

function remembered(): Exploring {
  const text = localStorage.getItem(KEPT);
  if (text === null) return NOTHING;
  try {
    return { ...NOTHING, ...(parseJson(text) as unknown as Exploring) };
  } catch {
    return NOTHING;
  }
}

/** Start from another workflow. Axes stay where it has the same inputs. */
export function startFrom(base: Base, before: readonly Setting[] = [], after: readonly Setting[] = []): void {
  set(({ axes }) => ({ base, fixed: {}, axes: carriedOver(axes, before, after) }));
}

export function setAxes(axes: readonly Axis[]): void {
  set({ axes });
}

/** Give an input another value in all cells; undefined takes it back. */
export function fix(key: string, value: Json | undefined): void {
  set(({ fixed }) => {
    const { [key]: _, ...rest } = fixed;
    return { fixed: value === undefined ? rest : { ...rest, [key]: value } };
  });
}

/** Take the plan of a grid for what it is started from. */
export function planAgain(axes: readonly Axis[], fixed: readonly Change[]): void {
  set({ axes, fixed: heldOf(fixed) });
}

function heldOf(fixed: readonly Change[]): Readonly<Record<string, Json>> {
  return Object.fromEntries(fixed.map(({ node, input, value }) => [`${node}/${input}`, value]));
}

export function began(run: Run): void {
  set(({ run: before, earlier }) => ({ run, earlier: withEarlier(before, earlier, run.batch) }));
}

/** Show an earlier grid again, with the settings that it was asked for with. */
export function comeBackTo(run: Run): void {
  set(({ run: before, earlier }) => ({
    run,
    base: run.base,
    axes: run.axes,
    fixed: heldOf(run.fixed),
    earlier: withEarlier(before, earlier, run.batch),
  }));
}

function withEarlier(run: Run | null, earlier: readonly Run[], shown: string): readonly Run[] {
  const all = run ? [run, ...earlier] : earlier;
  return all.filter(({ batch }) => batch !== shown).slice(0, MOST_EARLIER);
}
