import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, got, type Model } from "@/api/client";
import { USUAL_CHECKPOINT } from "@/api/lastFiles";
import { modelsQuery } from "@/api/queries";
import type { Area } from "./sizes";
import { useStudio } from "./store";

const NATIVE: Area = { width: 512, height: 512 };
const MOST_PICTURED = 40; // checkpoints whose newest picture is asked for

/** The checkpoint that the form means. */
export interface TheCheckpoint {
  name: string;
  /** Undefined while the list is on its way, and where there is no such file. */
  model: Model | undefined;
  models: readonly Model[];
  /** Size that it was trained on. */
  native: Area;
  isMissing: boolean;
}

export function useCheckpoint(): TheCheckpoint {
  const { data } = useQuery(modelsQuery("checkpoints"));
  const wanted = useStudio(({ form }) => form.checkpoint);
  return useMemo(() => meant(wanted, data), [wanted, data]);
}

/** The checkpoint that a name means; an empty one means the usual one. */
export function meant(wanted: string, models: readonly Model[] | undefined): TheCheckpoint {
  const all = models ?? [];
  const model = wanted
    ? all.find(({ name }) => name === wanted || name.replace(/\.\w+$/, "") === wanted)
    : (all.find(({ name }) => name === USUAL_CHECKPOINT) ?? all.find(({ recommended }) => recommended));
  return {
    name: model?.name ?? (wanted || USUAL_CHECKPOINT),
    model,
    models: all,
    native: model?.recommended ?? NATIVE,
    isMissing: models !== undefined && model === undefined,
  };
}

export function newestKey(name: string): string[] {
  return ["newest picture with", name];
}

/** URLs of pictures that show what checkpoints make: their own, else the newest that was made with them. */
export function usePreviews(models: readonly Model[]): ReadonlyMap<string, string> {
  const bare = models.filter(({ preview }) => !preview).slice(0, MOST_PICTURED);
  const newest = useQueries({
    queries: bare.map(({ name }) => ({
      queryKey: newestKey(name),
      queryFn: async () => {
        const query = { checkpoint: name, folder: "output", kind: "images", limit: 1 } as const;
        const { assets } = await got(api.GET("/api/v1/assets", { params: { query } }));
        return assets[0]?.thumbnail ?? null;
      },
      staleTime: 120_000,
    })),
  });
  const pictures = new Map<string, string>();
  for (const { name, preview } of models) if (preview) pictures.set(name, preview);
  bare.forEach(({ name }, at) => {
    const picture = newest[at]?.data;
    if (picture) pictures.set(name, picture);
  });
  return pictures;
}
