import { create } from "zustand";
import { useShallow } from "zustand/react/shallow";
import { api, failure, got, type Job, type JobDetails } from "@/api/client";
import { queries, queueQuery } from "@/api/queries";
import type { Told } from "./stream";

export type NodeState = "running" | "done" | "cached" | "failed";

/** What is known of a job while it is on its way. */
export interface LiveJob {
  id: string;
  /** As the server last answered it. */
  view: Job;
  nodes: Readonly<Record<string, NodeState>>;
  /** The node that is running. */
  node: string;
  /** Steps of nodes, by node. */
  steps: Readonly<Record<string, { value: number; total: number }>>;
  /** URL of the newest preview, by node. */
  previews: Readonly<Record<string, string>>;
  /** When the first step of the running node was told, for the time left; milliseconds of `performance.now()`. */
  since: { at: number; value: number } | null;
}

interface Live {
  jobs: Readonly<Record<string, LiveJob>>;
  /** Ids in the order in which they will be run, running ones first. */
  order: readonly string[];
  /** Ids of jobs that have ended since the page was opened, the newest first. */
  ended: readonly string[];
}

const MOST_ENDED = 200;

export const useLive = create<Live>(() => ({ jobs: {}, order: [], ended: [] }));

const set = useLive.setState;

function blank(view: Job): LiveJob {
  return { id: view.id, view, nodes: {}, node: "", steps: {}, previews: {}, since: null };
}

function change(id: string, part: (job: LiveJob) => Partial<LiveJob>): void {
  set(({ jobs }) => {
    const job = jobs[id];
    return job ? { jobs: { ...jobs, [id]: { ...job, ...part(job) } } } : {};
  });
}

/** Jobs that are over, as the stream told. What was asked before that is answered after it at times, and is old then. */
const over = new Set<string>();
const isOld = (view: Job) => isOpen(view) && over.has(view.id);

/** A job that was over goes on. */
export function goesOn(id: string): void {
  over.delete(id);
}

/** Take note of jobs as the server answers them, such as after putting them in. */
export function know(answered: readonly Job[]): void {
  const views = answered.filter((view) => !isOld(view));
  set((live) => {
    const jobs = { ...live.jobs };
    for (const view of views) jobs[view.id] = { ...(jobs[view.id] ?? blank(view)), view };
    const known = new Set(live.order);
    const open = views.filter((view) => isOpen(view) && !known.has(view.id)).map((view) => view.id);
    return { jobs, order: [...live.order, ...open] };
  });
}

export function isOpen(view: Job): boolean {
  return view.state === "queued" || view.state === "running";
}

let asking: Promise<void> | null = null;
let isStale = false;

/** Ask for the queue as it is; called often, it asks once at a time. */
export function refreshQueue(): Promise<void> {
  isStale = true;
  asking ??= (async () => {
    while (isStale) {
      isStale = false;
      const { jobs: answered } = await got(
        api.GET("/api/v1/jobs", {
          params: { query: { state: ["running", "queued"], order: "queue", limit: 200 } },
        }),
      );
      const views = answered.filter((view) => !isOld(view));
      set((live) => {
        const jobs = { ...live.jobs };
        for (const view of views) jobs[view.id] = { ...(jobs[view.id] ?? blank(view)), view };
        const running = views.filter((view) => view.state === "running");
        const queued = views.filter((view) => view.state === "queued");
        return { jobs, order: [...running, ...queued].map((view) => view.id) };
      });
    }
  })()
    .catch((error: unknown) => {
      if (failure(error).status !== 0 && failure(error).status !== 401) console.error(error);
    })
    .finally(() => {
      asking = null;
    });
  return asking;
}

/** Ask for one job with how far its nodes are. */
export async function refreshJob(id: string): Promise<JobDetails | null> {
  try {
    const details = await got(api.GET("/api/v1/jobs/{job}", { params: { path: { job: id } } }));
    if (isOld(details)) return details;
    know([details]);
    change(id, (job) => ({
      view: details,
      nodes: { ...job.nodes, ...Object.fromEntries(details.nodes.map(({ node, state }) => [node, state])) },
      node: details.nodes.find(({ state }) => state === "running")?.node ?? job.node,
      steps: details.step
        ? { ...job.steps, [details.step.node]: { value: details.step.value, total: details.step.total } }
        : job.steps,
    }));
    return details;
  } catch {
    return null; // it is gone, or nobody answers; the stream says more
  }
}

/** Jobs that the page follows but that are not known yet are asked for once. */
const asked = new Set<string>();
function ensure(id: string): boolean {
  if (useLive.getState().jobs[id]) return true;
  if (!asked.has(id)) {
    asked.add(id);
    void refreshJob(id).finally(() => asked.delete(id));
  }
  return false;
}

type Passing = Extract<Told, { event: "progress" | "preview" }>;

/**
 * The newest of each node, until it is shown. A step of a small picture takes a few hundredths of a second; drawing each
 * would leave the page no time for anything else.
 */
const latest = new Map<string, Passing>();
let showing: ReturnType<typeof setTimeout> | undefined;
const PACE = 120; // milliseconds between what is shown

function later(told: Passing): void {
  latest.set(`${told.event} ${told.job} ${told.node}`, told);
  showing ??= setTimeout(showLatest, PACE);
}

function showLatest(): void {
  clearTimeout(showing);
  showing = undefined;
  const waiting = [...latest.values()];
  latest.clear();
  for (const told of waiting) show(told);
}

function show(told: Passing): void {
  if (told.event === "progress") {
    change(told.job, ({ steps, since, node }) => ({
      steps: { ...steps, [told.node]: { value: told.value, total: told.total } },
      since:
        since && node === told.node && told.value >= since.value
          ? since
          : { at: performance.now(), value: told.value },
    }));
    return;
  }
  const url = URL.createObjectURL(picture(told.data, told.mime));
  change(told.job, ({ previews }) => {
    const old = previews[told.node];
    if (old) setTimeout(() => URL.revokeObjectURL(old), 1000); // it is shown until the new one is decoded
    return { previews: { ...previews, [told.node]: url } };
  });
}

/** Hear what the stream tells. */
export function hear(told: Told): void {
  if (told.event !== "progress" && told.event !== "preview") showLatest(); // each in its order
  switch (told.event) {
    case "open":
      over.clear(); // what was told meanwhile was missed
      void refreshQueue();
      void queries.invalidateQueries(queueQuery);
      return;
    case "queue":
      void refreshQueue();
      void queries.invalidateQueries(queueQuery);
      return;
    case "queued":
    case "started":
      goesOn(told.job);
      change(told.job, ({ view, previews }) => {
        for (const url of Object.values(previews)) URL.revokeObjectURL(url);
        const state = told.event === "queued" ? "queued" : "running";
        return {
          view: { ...view, state, started: told.event === "started" ? told.time : view.started },
          nodes: {},
          node: "",
          steps: {},
          previews: {},
          since: null,
        };
      });
      void refreshQueue();
      return;
    case "node":
      if (!ensure(told.job)) return;
      change(told.job, ({ nodes, node }) => ({
        nodes: {
          ...nodes,
          ...(node && nodes[node] === "running" ? { [node]: "done" } : {}),
          [told.node]: "running",
        },
        node: told.node,
        since: null,
      }));
      return;
    case "cached":
      change(told.job, ({ nodes }) => ({
        nodes: { ...nodes, ...Object.fromEntries(told.nodes.map((node) => [node, "cached"])) },
      }));
      return;
    case "progress":
    case "preview":
      if (ensure(told.job)) later(told);
      return;
    case "output":
      return; // asked for as a whole when the job has ended
    case "done":
    case "failed":
    case "cancelled":
      ended(told.job, told.event);
  }
}

function ended(id: string, event: "done" | "failed" | "cancelled"): void {
  over.add(id);
  change(id, ({ nodes }) => ({
    nodes: Object.fromEntries(
      Object.entries(nodes).flatMap(([id, state]) =>
        state !== "running" ? [[id, state]] : event === "cancelled" ? [] : [[id, event]],
      ),
    ),
    node: "",
  }));
  set(({ order }) => ({ order: order.filter((other) => other !== id) }));
  void refreshJob(id).then((details) => {
    // only now: what was known of it until here may lack some of its outputs
    if (!details || isOpen(details)) change(id, ({ view }) => ({ view: { ...view, state: event } }));
    set(({ ended: before, jobs }) => {
      const kept = [id, ...before.filter((other) => other !== id)];
      const dropped = kept.slice(MOST_ENDED);
      const rest = { ...jobs };
      for (const other of dropped) {
        delete rest[other];
        over.delete(other);
      }
      return { ended: kept.slice(0, MOST_ENDED), jobs: rest };
    });
    void queries.invalidateQueries({ queryKey: ["assets"] });
  });
  void refreshQueue();
}

function picture(base64: string, mime: string): Blob {
  return new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], { type: mime });
}

/** How much of the running node is done, 0 to 1, and the seconds that it will still take; null where nobody knows. */
export function progressOf(job: LiveJob): { share: number; seconds: number | null } {
  const step = job.steps[job.node];
  if (!step || step.total <= 0) return { share: 0, seconds: null };
  const done = job.since ? step.value - job.since.value : 0;
  const seconds =
    job.since && done > 0
      ? (((performance.now() - job.since.at) / done) * (step.total - step.value)) / 1000
      : null;
  return { share: step.value / step.total, seconds };
}

/** One job, as it goes on. */
export function useJob(id: string | null | undefined): LiveJob | undefined {
  return useLive((live) => (id ? live.jobs[id] : undefined));
}

/** The jobs that wait or run, in their order. */
export function useQueue(): LiveJob[] {
  return useLive(useShallow((live) => live.order.flatMap((id) => live.jobs[id] ?? [])));
}
