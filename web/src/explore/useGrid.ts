/** The plan of a grid, made from what a person has chosen: values, cells, and what is still in the way. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { nodesQuery } from "@/api/queries";
import { same } from "@/graph/json";
import { catalogOf } from "@/graph/specs";
import type { Catalog } from "@/graph/types";
import { useTexts } from "@/texts/texts";
import { type Axis, type Values, valuesOf } from "./axes";
import { type Cell, cellsOf, costOf, type Line, MOST_CELLS } from "./cells";
import { fullNameOf, nameOf, type Words } from "./names";
import type { Base } from "./requests";
import { useExploring } from "./store";
import { type Change, type Setting, settingsOf, withChanges } from "./workflow";

export interface Planned {
  readonly axis: Axis;
  readonly setting: Setting | undefined;
  readonly result: Values | null;
}

export interface Plan {
  readonly settings: readonly Setting[];
  readonly files: Readonly<Record<string, readonly string[]>>;
  readonly planned: readonly Planned[];
  readonly lines: readonly Line[];
  readonly fixed: readonly Change[];
  /** Number of pictures. */
  readonly count: number;
  /** Empty while something is in the way. */
  readonly cells: readonly Cell[];
  readonly obstacle: "mend values" | "too many cells" | "on top of each other" | null;
}

const NO_FILES = {};
const STRENGTHS = ["strength_model", "strength_clip"] as const;

function useCatalog(): Catalog {
  const { data } = useQuery(nodesQuery);
  return useMemo(() => catalogOf(data?.nodes ?? []), [data]);
}

export function useSettings(base: Base | null): {
  settings: readonly Setting[];
  files: Readonly<Record<string, readonly string[]>>;
} {
  const { data } = useQuery(nodesQuery);
  const catalog = useCatalog();
  const settings = useMemo(
    () => (base && catalog.size ? settingsOf(base.workflow, catalog) : []),
    [base, catalog],
  );
  return { settings, files: data?.files ?? NO_FILES };
}

export function usePlan(): Plan {
  const t = useTexts("explore");
  const { base, fixed: held, axes } = useExploring();
  const { settings: own, files } = useSettings(base);
  return useMemo(() => {
    const settings = own.map((setting) => ({ ...setting, value: held[setting.key] ?? setting.value }));
    const planned = axes.map((axis) => {
      const setting = settings.find(({ key }) => key === axis.setting);
      return { axis, setting, result: setting ? valuesOf(axis, setting) : null };
    });
    const fixed = settings
      .filter(({ key }) => key in held)
      .map(({ node, input, value }) => ({ node, input, value }));
    const lines = planned.flatMap(({ setting, result }) =>
      setting && result ? [lineOf(setting, result, settings, t)] : [],
    );
    const count = lines.reduce((product, { values }) => product * values.length, lines.length ? 1 : 0);
    const obstacle = obstacleOf(planned, count);
    const costs = planned.map(({ setting }) => (setting ? costOf(setting) : 0));
    const cells = obstacle === null && count > 0 ? cellsOf(lines, costs, fixed) : [];
    return { settings, files, planned, lines, fixed, count, cells, obstacle };
  }, [own, files, held, axes, t]);
}

/** A name alone where that says enough; with its node where there are several of that name. */
function lineOf(setting: Setting, result: Values, settings: readonly Setting[], t: Words): Line {
  const name = nameOf(setting, t);
  const isOnly = settings.filter((other) => nameOf(other, t) === name).length === 1;
  return {
    node: setting.node,
    input: setting.input,
    name: isOnly ? name : fullNameOf(setting, t),
    values: result.values,
    ...(isOfBoth(setting, settings) ? { also: STRENGTHS[1] } : {}),
  };
}

/** A LoRA's two strengths go together as long as they are the same. */
function isOfBoth({ node, input, value }: Setting, settings: readonly Setting[]): boolean {
  if (input !== STRENGTHS[0]) return false;
  return settings.some(
    (other) => other.node === node && other.input === STRENGTHS[1] && same(other.value, value),
  );
}

function obstacleOf(planned: readonly Planned[], count: number): Plan["obstacle"] {
  const keys = planned.map(({ axis }) => axis.setting);
  if (new Set(keys).size < keys.length) return "on top of each other";
  if (planned.some(({ result }) => result?.wrong !== null)) return "mend values";
  return count > MOST_CELLS ? "too many cells" : null;
}

/** A few workflows that stand for all, to see what is wrong and how long it takes. */
export function samplesOf(base: Base, plan: Plan) {
  const { cells } = plan;
  const places = [...new Set([0, Math.floor(cells.length / 2), cells.length - 1])];
  return places.flatMap((place) => {
    const cell = cells[place];
    return cell ? [withChanges(base.workflow, cell.changes)] : [];
  });
}
