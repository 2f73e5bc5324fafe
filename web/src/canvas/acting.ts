/** Running the workflow that is shown, and what the server says of it. */

import { api, failure, got } from "@/api/client";
import { rememberFiles } from "@/api/lastFiles";
import { convert } from "@/api/workflows";
import { apiId } from "@/graph/apiIds";
import { amend } from "@/graph/history";
import { formatJson } from "@/graph/json";
import { withLooks } from "@/graph/looks";
import { roomsOf } from "@/graph/room";
import { beforeRun } from "@/graph/seeds";
import { portsOf, widgetValue } from "@/graph/specs";
import type { Catalog, Doc, DocNode } from "@/graph/types";
import { writeDoc } from "@/graph/write";
import { isOpen, know, useLive } from "@/live/jobs";
import { cancelJobs } from "@/live/requests";
import { texts } from "@/texts/texts";
import { attempt, saveToDisk, say, sayFailure } from "@/ui";
import { changeTab, desk, docOf, type Lacking, type Output, type Tab, tabOf, type Verdict } from "./desk";
import { saveVersion } from "./keep";
import { nodeTitle } from "./names";

/** Run the workflow: all of it, or up to some nodes. */
export async function run({
  targets,
  count = 1,
}: {
  targets?: readonly string[];
  count?: number;
} = {}): Promise<void> {
  const state = desk();
  const tab = tabOf(state);
  if (!tab) return;
  const title = tab.name;
  const jobs: string[] = [];
  try {
    for (let turn = 0; turn < count; turn++) {
      const now = desk().tabs.find(({ id }) => id === tab.id);
      if (!now) return;
      // drawn seeds stay in the document, since the picture is made with them; they are no step to undo
      const drawn = beforeRun(now.history.present.doc, state.catalog);
      changeTab(tab.id, ({ history }) => ({ history: amend(history, drawn) }));
      const looks = targets && withLooks(drawn, tab.path, state.catalog, targets);
      const { jobs: views } = await got(
        api.POST("/api/v1/jobs", {
          body: {
            workflow: null,
            editor: writeDoc(looks?.doc ?? drawn, state.catalog),
            title,
            targets: looks?.targets.map((id) => apiId(tab.path, id)) ?? null,
            count: 1,
            priority: 0,
            front: false,
            extra: {},
          },
        }),
      );
      know(views);
      rememberFiles(filesIn(drawn, state.catalog));
      jobs.push(...views.map((view) => view.id));
      const shows = Object.entries(looks?.shows ?? {}).map((both) => both.map((id) => apiId(tab.path, id)));
      changeTab(tab.id, {
        jobs: [...jobs],
        shows: Object.fromEntries(shows),
        verdict: now.verdict && { ...now.verdict, problems: [] },
      });
      if (turn === 0) sayUnseen(looks?.unseen ?? []);
    }
    void saveVersion(tab.id);
  } catch (error) {
    const { problems } = failure(error);
    if (problems.length > 0)
      changeTab(tab.id, ({ verdict }) => ({ verdict: { ...(verdict ?? UNKNOWN), problems } }));
    sayFailure(error);
  }
}

/** Say of which nodes a run will show nothing. */
function sayUnseen(nodes: readonly DocNode[]): void {
  const { catalog } = desk();
  const titles = nodes.map((node) => `“${nodeTitle(node, catalog.get(node.type) ?? null)}”`);
  if (titles.length === 0) return;
  say(texts("canvas")("runs unseen", { names: titles.join(", ") }), {
    detail: texts("canvas")("runs unseen about"),
  });
}

/** One file for each folder that nodes choose from. */
function filesIn(doc: Doc, catalog: Catalog): Readonly<Record<string, string>> {
  const named = roomsOf(doc).flatMap((room) =>
    [...room.nodes.values()].flatMap((node) =>
      portsOf(doc, catalog, node).widgets.flatMap((port) => {
        const value = widgetValue(node, port);
        return port.spec?.folder && typeof value === "string" ? [[port.spec.folder, value] as const] : [];
      }),
    ),
  );
  return Object.fromEntries(named);
}

const UNKNOWN: Verdict = { problems: [], estimate: null, lacks: { unknown: [], missing: [] } };

/** Cancel what is left of the run that is shown. */
export async function cancelRun(): Promise<void> {
  const { jobs } = useLive.getState();
  const ids = tabOf(desk())?.jobs.filter((id) => jobs[id] && isOpen(jobs[id].view)) ?? [];
  if (ids.length === 0) return;
  await attempt(() => cancelJobs(ids));
}

/** What the server would say of a document: what is wrong with it, and what it will take. */
export async function check(tab: Tab, doc: Doc, signal: AbortSignal): Promise<void> {
  try {
    const verdict = await got(
      api.POST("/api/v1/jobs/check", {
        body: { workflow: null, editor: writeDoc(doc, desk().catalog), targets: null },
        signal,
      }),
    );
    const { problems, estimate, unknown, missing } = verdict;
    changeTab(tab.id, ({ lacking }) => ({
      verdict: { problems, estimate, lacks: { unknown, missing } },
      lacking: stillLacking(lacking, unknown, missing),
    }));
  } catch (error) {
    if (signal.aborted) return;
    const { problems, status } = failure(error);
    if (status !== 0)
      changeTab(tab.id, ({ verdict }) => ({
        verdict: { ...(verdict ?? UNKNOWN), estimate: null, problems },
      }));
  }
}

/** What is lacking after a change: what was told on opening goes as it is mended. */
function stillLacking(
  before: Lacking | null,
  unknown: readonly string[],
  missing: Lacking["missing"],
): Lacking | null {
  if (!before || unknown.length + missing.length === 0) return null;
  return { notes: before.notes, unknown, missing };
}

/** Keep what the jobs of a run have given, by node; outputs of one node from several jobs add up. */
export function keepResults(id: string): void {
  const tab = desk().tabs.find((one) => one.id === id);
  const { jobs } = useLive.getState();
  const done =
    tab?.jobs.flatMap((job) => jobs[job] ?? []).filter(({ view }) => view.outputs.length > 0) ?? [];
  if (!tab || done.length === 0) return;
  const fresh: Record<string, Output[]> = {};
  for (const { view } of done)
    for (const output of view.outputs) {
      const node = tab.shows[output.node] ?? output.node;
      fresh[node] = [...(fresh[node] ?? []), output];
    }
  const isSame = Object.entries(fresh).every(([node, outputs]) => {
    const before = tab.results[node] ?? [];
    return (
      before.length === outputs.length &&
      outputs.every((one, at) => one.asset?.id === before[at]?.asset?.id && one.text === before[at]?.text)
    );
  });
  if (!isSame) changeTab(id, ({ results }) => ({ results: { ...results, ...fresh } }));
}

/** Save the document as a file: ours, which other editors open, or in the format that jobs take. */
export async function saveFile(format: "editor" | "api"): Promise<void> {
  const state = desk();
  const [tab, doc] = [tabOf(state), docOf(state)];
  if (!tab || !doc) return;
  const document = writeDoc(doc, state.catalog);
  try {
    const content = format === "editor" ? document : (await convert(document)).workflow;
    saveToDisk(
      new Blob([formatJson(content, 2)], { type: "application/json" }),
      `${tab.name}${format === "api" ? ".api" : ""}.json`,
    );
  } catch (error) {
    sayFailure(error);
  }
}
