/** What the server is asked about how a picture came about. */

import { queryOptions } from "@tanstack/react-query";
import { api, failure, failureOf, got, type Job, type Schemas } from "@/api/client";
import { know } from "@/live/jobs";
import { readRecording } from "./recording";

export type Sampling = Schemas["SamplingView"];

/** The samplers behind a picture, and what is recorded of them. */
export function samplingsQuery(asset: string) {
  return queryOptions({
    queryKey: ["recording", asset],
    queryFn: () => got(api.GET("/api/v1/assets/{asset}/recording", { params: { path: { asset } } })),
  });
}

/** The recorded run of a sampler. */
export function recordingQuery(asset: string, node: string) {
  return queryOptions({
    queryKey: ["recording", asset, node],
    queryFn: async () => {
      const answer = await fetch(
        `/api/v1/assets/${asset}/recording/file?${new URLSearchParams({ node })}`,
      ).catch((error: unknown) => {
        throw failure(error);
      });
      if (!answer.ok) throw await failureOf(answer);
      return readRecording(await answer.arrayBuffer());
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Run the samplers behind a picture again, and record them. */
export async function record(asset: string): Promise<Job | undefined> {
  const { jobs } = await got(api.POST("/api/v1/assets/{asset}/recording", { params: { path: { asset } } }));
  know(jobs);
  return jobs[0];
}

/** The URL of a recorded run as an animated picture. */
export function filmUrl(asset: string, node: string, what: string, picture: number): string {
  const query = new URLSearchParams({ node, what, picture: String(picture), save: "true" });
  return `/api/v1/assets/${asset}/recording/film?${query}`;
}

/** The plan of a run beside those of other schedulers, as the node NoisePlan tells it. */
export interface PlanBeside {
  readonly scheduler: string;
  readonly sigmas: readonly number[];
  /** Logarithm of signal to noise; null where it is infinite. */
  readonly log_snr: readonly (number | null)[];
  readonly others: Readonly<Record<string, readonly number[]>>;
  readonly flow: boolean;
}
