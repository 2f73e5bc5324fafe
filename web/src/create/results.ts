import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { useShallow } from "zustand/react/shallow";
import { type Asset, api, got } from "@/api/client";
import { type LiveJob, refreshJob, useLive } from "@/live/jobs";
import { forget, useStudio } from "./store";

const PAGE = 48;

/** Pictures that were made, the newest first. */
const resultsQuery = infiniteQueryOptions({
  queryKey: ["assets", "results"],
  queryFn: ({ pageParam }) => {
    const query = { folder: "output", kind: "images", limit: PAGE, offset: pageParam } as const;
    return got(api.GET("/api/v1/assets", { params: { query } }));
  },
  initialPageParam: 0,
  getNextPageParam: (last, pages) => {
    const seen = pages.reduce((sum, { assets }) => sum + assets.length, 0);
    return last.assets.length && seen < last.total ? seen : undefined;
  },
});

export interface Results {
  pictures: readonly Asset[];
  /** Whether it is known that there are none. */
  areNone: boolean;
  error: unknown;
  more: () => void;
}

export function useResults(): Results {
  const { data, isSuccess, error, hasNextPage, isFetching, fetchNextPage } = useInfiniteQuery(resultsQuery);
  const pictures = useMemo(() => {
    const byId = new Map(data?.pages.flatMap(({ assets }) => assets).map((asset) => [asset.id, asset]));
    return [...byId.values()]; // a page may begin with what ended the one before, as new ones come in
  }, [data]);
  return {
    pictures,
    areNone: isSuccess && pictures.length === 0,
    error,
    more: () => hasNextPage && !isFetching && void fetchNextPage(),
  };
}

/** The jobs of the last requests, those of a page that was reloaded too. */
export function useRun(): LiveJob[] {
  const run = useStudio((studio) => studio.run);
  useEffect(() => {
    for (const id of run.filter((each) => !useLive.getState().jobs[each]))
      void refreshJob(id).then((job) => job?.state === "cancelled" && forget(id));
  }, [run]);
  return useLive(useShallow((live) => run.flatMap((id) => live.jobs[id] ?? [])));
}
