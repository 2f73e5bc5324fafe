/** The jobs of the grid that is shown, kept as long as it is: the live list forgets those that ended long ago. */

import { useEffect } from "react";
import { create } from "zustand";
import type { Asset, Job } from "@/api/client";
import { isOpen, know, type LiveJob, useJob, useLive } from "@/live/jobs";
import { cancelJobs, retryJob } from "@/live/requests";
import { picturesOf } from "@/pictures/picture";
import { favour } from "@/pictures/requests";
import { sayFailure } from "@/ui";
import { jobsOf } from "./requests";
import type { Run } from "./store";

interface Results {
  readonly jobs: Readonly<Record<string, Job>>;
  /** Whether the server has been asked for all of them. */
  readonly isComplete: boolean;
}

export const useResults = create<Results>(() => ({ jobs: {}, isComplete: false }));

function take(jobs: readonly Job[]): void {
  useResults.setState((state) => ({
    jobs: { ...state.jobs, ...Object.fromEntries(jobs.map((job) => [job.id, job])) },
  }));
}

/** Follow the jobs of a grid. */
export function useFollowing(run: Run | null): void {
  useEffect(() => {
    useResults.setState({ jobs: {}, isComplete: false });
    if (!run) return;
    const ids = Object.values(run.jobs);
    const copy = () => {
      const known = useResults.getState().jobs;
      const live = useLive.getState().jobs;
      const news = ids.flatMap((id) => {
        const view = live[id]?.view;
        return view && view !== known[id] ? [view] : [];
      });
      if (news.length) take(news);
    };
    const load = async () => {
      try {
        await jobsOf(run.batch, (jobs) => {
          take(jobs);
          know(jobs.filter((job) => isOpen(job)));
        });
        useResults.setState({ isComplete: true });
        copy();
      } catch (error) {
        sayFailure(error);
      }
    };
    copy();
    void load();
    return useLive.subscribe(copy);
  }, [run]);
}

/** The job of a cell, with what is told of it while it runs. */
export function useCell(id: string | undefined): { job: Job | undefined; live: LiveJob | undefined } {
  const job = useResults((state) => (id ? state.jobs[id] : undefined));
  return { job, live: useJob(id) };
}

/** The picture that a job made. */
export function pictureOf(job: Job | undefined): Asset | null {
  return picturesOf(job)[0] ?? null;
}

/** Mark the picture of a job as a favourite, or no longer. */
export async function favourite(job: Job, asset: Asset, isFavourite: boolean): Promise<void> {
  const changed = await favour(asset, isFavourite);
  const outputs = job.outputs.map((output) =>
    output.asset?.id === asset.id ? { ...output, asset: changed } : output,
  );
  take([{ ...job, outputs }]);
  know([{ ...job, outputs }]);
}

/** Run again what failed or was cancelled. */
export async function retryMissing(run: Run): Promise<void> {
  const { jobs } = useResults.getState();
  for (const id of Object.values(run.jobs)) {
    const state = jobs[id]?.state;
    if (state === "failed" || state === "cancelled") await retryJob(id);
  }
}

/** Cancel what has not ended. */
export async function cancelRest(run: Run): Promise<void> {
  const { jobs } = useResults.getState();
  const open = Object.values(run.jobs).filter((id) => {
    const job = jobs[id];
    return !job || isOpen(job);
  });
  await cancelJobs(open);
}

export interface Tally {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly open: number;
  /** Seconds that the open ones will take; null where nobody knows. */
  readonly left: number | null;
}

export function tallyOf(run: Run, jobs: Readonly<Record<string, Job>>): Tally {
  const all = Object.values(run.jobs).map((id) => jobs[id]);
  const open = all.filter((job) => job !== undefined && isOpen(job)).length;
  const done = all.filter((job) => job?.state === "done");
  const took = done.map((job) => job?.seconds ?? 0).filter((seconds) => seconds > 0);
  return {
    total: all.length,
    done: done.length,
    failed: all.filter((job) => job?.state === "failed").length,
    open,
    left: took.length && open ? (took.reduce((sum, one) => sum + one, 0) / took.length) * open : null,
  };
}
