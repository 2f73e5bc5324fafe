/** What the middle of the page shows. */

import type { Asset, ImageWish as Wish } from "@/api/client";
import { isOpen, type LiveJob, progressOf } from "@/live/jobs";
import type { Chosen } from "./store";

export type Subject =
  | { kind: "job"; job: LiveJob }
  | { kind: "picture"; asset: Asset; job: LiveJob | null }
  | null;

/** The job to look at: the running one, else the one that ended last while others wait, else the first that waits. */
export function followed(jobs: readonly LiveJob[]): LiveJob | null {
  const running = jobs.find(({ view }) => view.state === "running");
  if (running) return running;
  const ended = jobs.filter(({ view }) => !isOpen(view));
  const last = ended.reduce<LiveJob | null>(
    (newest, job) =>
      newest && (newest.view.ended ?? Infinity) > (job.view.ended ?? Infinity) ? newest : job,
    null,
  );
  return last ?? jobs[0] ?? null;
}

/** Pictures that a job has put among the results. */
export function resultsOf(job: LiveJob): Asset[] {
  return job.view.outputs.flatMap(({ asset }) =>
    asset?.folder === "output" && asset.kind === "images" ? [asset] : [],
  );
}

/** What is shown: what was chosen, else what is being made, else the newest picture. */
export function subjectOf(
  chosen: Chosen | null,
  jobs: readonly LiveJob[],
  results: readonly Asset[],
): Subject {
  if (chosen && "asset" in chosen)
    return { kind: "picture", asset: newest(chosen.asset, results), job: null };
  const job = (chosen && jobs.find(({ id }) => id === chosen.job)) || followed(jobs);
  if (!job) return results[0] ? { kind: "picture", asset: results[0], job: null } : null;
  const [picture] = job.view.state === "done" ? resultsOf(job) : [];
  return picture ? { kind: "picture", asset: newest(picture, results), job } : { kind: "job", job };
}

/** A picture as the list has it, which knows more of late changes. */
function newest(asset: Asset, results: readonly Asset[]): Asset {
  return results.find(({ id }) => id === asset.id) ?? asset;
}

/** Width to height of what a job will make; null where nobody knows yet. */
export function ratioOfWish(
  wish: Wish | undefined,
  native: { width: number; height: number },
): number | null {
  if (!wish) return null;
  if (wish.width && wish.height) return wish.width / wish.height;
  return wish.init_image ? null : native.width / native.height;
}

/** How far all jobs of the last requests are together, 0 to 1; null where none is open. */
export function shareOf(jobs: readonly LiveJob[]): number | null {
  if (!jobs.some(({ view }) => isOpen(view))) return null;
  const done = jobs.reduce((sum, job) => {
    if (!isOpen(job.view)) return sum + 1;
    return sum + (job.view.state === "running" ? progressOf(job).share : 0);
  }, 0);
  return done / jobs.length;
}
