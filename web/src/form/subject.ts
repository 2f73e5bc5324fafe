/** What the form shows of its runs. */

import type { Asset, Schemas } from "@/api/client";
import { isOpen, type LiveJob } from "@/live/jobs";
import { picturesOf } from "@/pictures/picture";

type Output = Schemas["OutputView"];

export type Subject =
  | { readonly kind: "job"; readonly job: LiveJob }
  | { readonly kind: "picture"; readonly asset: Asset; readonly job: LiveJob }
  | { readonly kind: "texts"; readonly job: LiveJob }
  | null;

/** Words and files of other kinds that a job gave. */
export function othersOf({ view }: LiveJob): readonly Output[] {
  return view.outputs.filter(({ asset, text }) => (asset ? !asset.mime.startsWith("image/") : text !== ""));
}

/** Of runs, the newest first: what was chosen, else what is running, else what came last. */
export function subjectOf(jobs: readonly LiveJob[], chosen: string | null): Subject {
  for (const job of jobs) {
    const asset = picturesOf(job.view).find(({ id }) => id === chosen);
    if (asset) return { kind: "picture", asset, job };
    if (job.id === chosen) return { kind: "job", job };
  }
  const open = jobs.filter(({ view }) => isOpen(view));
  const now = open.find(({ view }) => view.state === "running") ?? open.at(-1);
  if (now) return { kind: "job", job: now };
  for (const job of jobs) {
    if (job.view.state === "failed") return { kind: "job", job };
    const [asset] = picturesOf(job.view);
    if (asset) return { kind: "picture", asset, job };
    if (othersOf(job).length > 0) return { kind: "texts", job };
    if (job.view.state === "done") return { kind: "job", job };
  }
  return null;
}
