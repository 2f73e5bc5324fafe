/** Asks the server beside the browser: what is shown is compared with what is stored. */

import { inject } from "vitest";
import { eventually } from "./studio";

export interface JobAnswer {
  id: string;
  state: string;
  title: string;
  batch: string;
  workflow: Record<string, { class_type: string; inputs: Record<string, unknown> }>;
  outputs: {
    node: string;
    asset: { id: string; width: number; height: number; url: string; path: string } | null;
  }[];
}

export async function asked<Answer>(path: string, body?: unknown, url = inject("url")): Promise<Answer> {
  const answer = await fetch(
    `${url}/api/v1/${path}`,
    body === undefined
      ? {}
      : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) },
  );
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Answer;
}

export function jobOf(id: string | undefined): Promise<JobAnswer> {
  return asked<JobAnswer>(`jobs/${id}`);
}

/** A job once it has ended. */
export async function finished(job: { id: string } | undefined): Promise<JobAnswer> {
  await eventually(async () => !["queued", "running"].includes((await jobOf(job?.id)).state), 60_000);
  return jobOf(job?.id);
}

/** Inputs of the first node of a type. */
export function nodeOf(job: JobAnswer, type: string): Record<string, unknown> | undefined {
  return Object.values(job.workflow).find(({ class_type }) => class_type === type)?.inputs;
}

/** Make pictures without the page, and wait for them. */
export async function made(prompt: string, more: Record<string, unknown> = {}): Promise<JobAnswer[]> {
  const { jobs } = await asked<{ jobs: JobAnswer[] }>("images", { prompt, steps: 2, ...more });
  return Promise.all(jobs.map(finished));
}

/** Wait until CLIP has looked at all pictures: what is found moves until then. */
export async function lookedAt(): Promise<void> {
  await eventually(async () => (await asked<{ waiting: number }>("clip")).waiting === 0, 80_000);
}

/** Leave nothing running behind a test. */
export async function cancelAll(): Promise<void> {
  await asked("jobs/cancel", { jobs: null });
  await eventually(async () => (await asked<{ running: number }>("queue")).running === 0);
}
