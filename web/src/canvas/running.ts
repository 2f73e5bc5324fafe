/** What a node is told of the run that is shown. */

import { useShallow } from "zustand/react/shallow";
import type { Problem } from "@/api/client";
import { apiId } from "@/graph/apiIds";
import { isOpen, type LiveJob, type NodeState, useLive } from "@/live/jobs";
import { type Output, type Tab, tabOf, useDesk } from "./desk";

/** The job of a tab that is looked at: the one that is running, else the last one. */
function shownJob(tab: Tab | undefined, jobs: Readonly<Record<string, LiveJob>>): LiveJob | undefined {
  const all = tab?.jobs.flatMap((id) => jobs[id] ?? []) ?? [];
  return (
    all.find(({ view }) => view.state === "running") ??
    all.find(({ view }) => view.state === "queued") ??
    all.at(-1)
  );
}

export function useShownJob(): LiveJob | undefined {
  const tab = useDesk(tabOf);
  return useLive((live) => shownJob(tab, live.jobs));
}

function useApiId(id: string): string {
  return useDesk((state) => apiId(tabOf(state)?.path ?? [], id));
}

/** Selects from the shown job; components are drawn anew only when what they select has changed. */
function useOfJob<T>(choose: (job: LiveJob) => T, otherwise: T): T {
  const jobs = useDesk((state) => tabOf(state)?.jobs);
  return useLive((live) => {
    if (!jobs || jobs.length === 0) return otherwise;
    const tab = tabOf(useDesk.getState());
    const job = shownJob(tab, live.jobs);
    return job ? choose(job) : otherwise;
  });
}

/** How far a node is; one that stands for a subgraph is as far as what is inside. */
export function useNodeState(id: string, isSubgraph: boolean): NodeState | null {
  const api = useApiId(id);
  return useOfJob<NodeState | null>(({ nodes, view }) => {
    const state = isSubgraph ? stateInside(nodes, `${api}:`) : (nodes[api] ?? null);
    return state === "running" && !isOpen(view) ? null : state;
  }, null);
}

const ORDER: readonly NodeState[] = ["failed", "running", "done", "cached"];

function stateInside(nodes: Readonly<Record<string, NodeState>>, prefix: string): NodeState | null {
  const states = new Set(
    Object.keys(nodes).flatMap((api) => (api.startsWith(prefix) ? (nodes[api] ?? []) : [])),
  );
  return ORDER.find((state) => states.has(state)) ?? null;
}

/** The share of its steps that a running node has done; null where it has none. */
export function useNodeProgress(id: string, isSubgraph: boolean): number | null {
  const api = useApiId(id);
  return useOfJob((job) => {
    const isHere = job.node === api || (isSubgraph && job.node.startsWith(`${api}:`));
    const step = isHere && job.view.state === "running" ? job.steps[job.node] : undefined;
    return step && step.total > 0 ? step.value / step.total : null;
  }, null);
}

/** URL of the newest preview of a node while it runs. */
export function useNodePreview(id: string, isSubgraph: boolean): string | null {
  const api = useApiId(id);
  return useOfJob((job) => {
    if (job.view.state !== "running") return null;
    if (!isSubgraph) return job.node === api ? (job.previews[api] ?? null) : null;
    return job.node.startsWith(`${api}:`) ? (job.previews[job.node] ?? null) : null;
  }, null);
}

const NOTHING: readonly Output[] = [];

/** What a node gave the last time it ran. */
export function useNodeResults(id: string): readonly Output[] {
  const api = useApiId(id);
  return useDesk((state) => tabOf(state)?.results[api] ?? NOTHING);
}

/** The newest picture that a workflow has made, other than a preview. */
export function lastPicture({ results }: Tab): string | null {
  const saved = Object.values(results)
    .flat()
    .flatMap(({ asset }) => (asset?.mime.startsWith("image/") && asset.folder === "output" ? asset : []));
  return saved.sort((one, other) => other.created - one.created)[0]?.id ?? null;
}

/** Why a node failed in the run that is shown. */
export function useNodeFailure(id: string, isSubgraph: boolean): LiveJob["view"]["error"] {
  const api = useApiId(id);
  return useOfJob((job) => {
    const error = job.view.error;
    if (!error || job.view.state !== "failed") return null;
    return error.node === api || (isSubgraph && error.node.startsWith(`${api}:`)) ? error : null;
  }, null);
}

/** What is wrong with a node, or with what is inside of it. */
export function useNodeProblems(id: string, isSubgraph: boolean): readonly Problem[] {
  const api = useApiId(id);
  return useDesk(
    useShallow((state) =>
      (tabOf(state)?.verdict?.problems ?? []).filter(
        ({ node }) => node === api || (isSubgraph && node.startsWith(`${api}:`)),
      ),
    ),
  );
}
