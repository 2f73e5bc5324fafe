/** What can be asked of jobs; what comes of it is told by the stream too. */

import { api, got, type Job } from "@/api/client";
import { formatJson, type Json, type JsonObject } from "@/graph/json";
import { goesOn, know } from "./jobs";

/** Run a job that has ended once more, as the same job. */
export async function retryJob(job: string): Promise<void> {
  goesOn(job);
  know([await got(api.POST("/api/v1/jobs/{job}/retry", { params: { path: { job } } }))]);
}

/** Stop what has not ended. */
export async function cancelJobs(jobs: readonly string[]): Promise<void> {
  await api.POST("/api/v1/jobs/cancel", { body: { jobs: [...jobs] } });
}

/** Run a workflow for some of its nodes, before what waits; its samplers are recorded, unless nobody is to look. */
export async function run(
  workflow: JsonObject,
  targets: readonly string[],
  title: string,
  record = true,
): Promise<Job> {
  const body = { workflow, targets, title, front: true, extra: { record } };
  const { jobs } = await got(
    api.POST("/api/v1/jobs", {
      body: body as never,
      bodySerializer: () => formatJson(body as unknown as Json),
    }),
  );
  know(jobs);
  const [job] = jobs;
  if (!job) throw new Error(title);
  return job;
}
