/** What the server is asked about training, and what it is asked to do. */

import { queryOptions } from "@tanstack/react-query";
import { type Asset, api, got, type Schemas, sent } from "@/api/client";
import { queries } from "@/api/queries";
import { know } from "@/live/jobs";
import type { Values } from "./settings";

export type Run = Schemas["RunView"];
export type RunDetails = Schemas["RunDetails"];
export type Sample = Schemas["SampleView"];
export type Picture = Schemas["DataPicture"];
export type Folder = Schemas["DataView"];

const OFTEN = 2000; // milliseconds between looks at what is going on
const SELDOM = 20_000; // and at what is not: it may be begun elsewhere

export function isGoing({ state }: Pick<Run, "state">): boolean {
  return state === "queued" || state === "running";
}

/** All runs; asked for again and again, above all while one of them goes on. */
export const runsQuery = queryOptions({
  queryKey: ["training", "runs"],
  queryFn: async () => (await got(api.GET("/api/v1/training/runs"))).runs,
  staleTime: 0,
  refetchInterval: ({ state }) => (state.data?.some(isGoing) ? OFTEN : SELDOM),
});

export function runQuery(name: string) {
  return queryOptions({
    queryKey: ["training", "run", name],
    queryFn: async () =>
      (await got(api.GET("/api/v1/training/runs/{name}", { params: { path: { name } } }))) as RunDetails,
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data && isGoing(state.data) ? OFTEN : SELDOM),
  });
}

/** What a run can be told. */
export const formQuery = queryOptions({
  queryKey: ["training", "form"],
  queryFn: () => got(api.GET("/api/v1/training/settings")),
  staleTime: Number.POSITIVE_INFINITY,
});

export const foldersQuery = queryOptions({
  queryKey: ["training", "folders"],
  queryFn: async () => (await got(api.GET("/api/v1/training/data/folders"))).folders,
  staleTime: 0,
});

const PAGE = 200; // pictures that are asked for at once

/** The pictures of a folder with their captions, at most so many. An empty folder may not be there yet. */
export function dataQuery(folder: string, most: number) {
  return queryOptions({
    queryKey: ["training", "data", folder, most],
    queryFn: async (): Promise<Folder> => {
      const pictures: Picture[] = [];
      for (;;) {
        const page: Folder = await got(
          api.GET("/api/v1/training/data", {
            params: { query: { folder, limit: PAGE, offset: pictures.length } },
          }),
        );
        pictures.push(...page.pictures);
        if (page.pictures.length === 0 || pictures.length >= Math.min(most, page.total))
          return { ...page, pictures };
      }
    },
    staleTime: 0,
  });
}

export function refreshData(folder: string): Promise<void> {
  return queries.invalidateQueries({ queryKey: ["training", "data", folder] });
}

export function refreshRuns(): Promise<void> {
  return queries.invalidateQueries({
    queryKey: ["training"],
    predicate: ({ queryKey }) => queryKey[1] !== "data",
  });
}

export function bringPicture(folder: string, file: Blob, name: string): Promise<Asset> {
  return sent<Asset>("/api/v1/assets", { file: [file, name], name, folder });
}

/** Say what a picture shows; null takes that away. */
export async function writeCaption(folder: string, name: string, caption: string | null): Promise<Picture> {
  return got(api.PUT("/api/v1/training/data/caption", { body: { folder, name, caption } }));
}

export async function removePicture(folder: string, name: string): Promise<Schemas["RemovedPicture"]> {
  return got(api.POST("/api/v1/training/data/remove", { body: { folder, name } }));
}

const TOGETHER = 16; // pictures of one question

/** What CLIP would write of pictures, by name; told of as it comes. */
export async function proposeCaptions(
  folder: string,
  names: readonly string[],
  take: (captions: Readonly<Record<string, string>>) => void,
): Promise<void> {
  for (let from = 0; from < names.length; from += TOGETHER) {
    const body = { folder, names: names.slice(from, from + TOGETHER) };
    const { proposals } = await got(api.POST("/api/v1/training/data/proposals", { body }));
    take(Object.fromEntries(proposals.map(({ name, caption }) => [name, caption])));
  }
}

export async function createRun(settings: Values): Promise<RunDetails> {
  return (await got(api.POST("/api/v1/training/runs", { body: settings as never }))) as RunDetails;
}

/** Train what is left of a run. */
export async function startRun(name: string): Promise<void> {
  know([await got(api.POST("/api/v1/training/runs/{name}/start", { params: { path: { name } } }))]);
  await refreshRuns();
}

export async function stopRun(name: string): Promise<void> {
  await api.POST("/api/v1/training/runs/{name}/stop", { params: { path: { name } } });
  await refreshRuns();
}

/** Put a result of the way where models are; what its file is called there, as FOLDER/NAME. */
export async function publishResult(name: string, step: number): Promise<string> {
  const path = { name, step };
  return (await got(api.POST("/api/v1/training/runs/{name}/results/{step}/publish", { params: { path } })))
    .result;
}

export async function deleteRun(name: string): Promise<void> {
  await api.DELETE("/api/v1/training/runs/{name}", { params: { path: { name } } });
  queries.removeQueries({ queryKey: ["training", "run", name] });
  await queries.invalidateQueries({ queryKey: runsQuery.queryKey });
}
