/** What buttons of this view do, with what went wrong said. */

import { type Asset, type Job, wordsOf } from "@/api/client";
import { nodesQuery, queries } from "@/api/queries";
import { catalogOf } from "@/graph/specs";
import { attempt } from "@/ui";
import { newAxis } from "./axes";
import { type Base, baseOfPicture, runAll } from "./requests";
import { began, setAxes, startFrom, useExploring } from "./store";
import type { Plan } from "./useGrid";
import { settingsOf } from "./workflow";

export async function make(base: Base, plan: Plan, title: string): Promise<void> {
  const { cells, lines, fixed } = plan;
  const { axes } = useExploring.getState();
  const { batch, jobs } = await runAll(
    base,
    cells.map(({ changes }) => changes),
    title,
  );
  const byCell = Object.fromEntries(
    cells.flatMap(({ key }, place) => {
      const job = jobs[place];
      return job ? [[key, job.id]] : [];
    }),
  );
  began({ batch, jobs: byCell, lines, fixed, axes, base, asked: Date.now() });
}

export function exploreFrom(asset: Asset): Promise<unknown> {
  return attempt(async () => start(await baseOfPicture(asset)));
}

/** Start from another workflow, and vary the same of it where it has that. */
export async function start(base: Base): Promise<void> {
  const { nodes } = await queries.ensureQueryData(nodesQuery);
  const catalog = catalogOf(nodes);
  const before = useExploring.getState().base;
  startFrom(base, before ? settingsOf(before.workflow, catalog) : [], settingsOf(base.workflow, catalog));
}

/** Vary one input over a list, in place of what was varied before. */
export async function vary({ input, list }: { input: string; list: string }): Promise<void> {
  const { nodes, files } = await queries.ensureQueryData(nodesQuery);
  const { base } = useExploring.getState();
  const settings = base ? settingsOf(base.workflow, catalogOf(nodes)) : [];
  const setting = settings.find((one) => one.input === input);
  if (setting) setAxes([newAxis(setting, files, { way: "list", list })]);
}

export function whyOf(job: Job | undefined): string {
  return job?.error ? wordsOf(job.error) : "";
}
