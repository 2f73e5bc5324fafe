import { QueryClient, queryOptions } from "@tanstack/react-query";
import { api, failure, got, type Model, type Schemas } from "./client";

const AWAY = [0, 502, 503, 504]; // what is answered while the server is away or starting, by proxies too

/** Answers of the server are kept here, by what was asked. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => AWAY.includes(failure(error).status) && count < 100,
      retryDelay: (count) => Math.min(500 * 2 ** count, 5000),
    },
  },
});

/** The nodes that there are, with the files that they choose from. */
export const nodesQuery = queryOptions({
  queryKey: ["nodes"],
  queryFn: () => got(api.GET("/api/v1/nodes")),
  staleTime: 60_000,
});

/** The files of a folder of models, such as `checkpoints`. */
export function modelsQuery(folder: string) {
  return queryOptions({
    queryKey: ["models", folder],
    queryFn: async () => {
      const models: Model[] = [];
      for (;;) {
        const page: Schemas["ModelPage"] = await got(
          api.GET("/api/v1/models/{folder}", {
            params: { path: { folder }, query: { limit: 200, offset: models.length } },
          }),
        );
        models.push(...page.models);
        if (page.models.length === 0 || models.length >= page.total) return models;
      }
    },
  });
}

/** Whether the queue stands still; asked for again when the stream tells that it has changed. */
export const queueQuery = queryOptions({
  queryKey: ["queue"],
  queryFn: () => got(api.GET("/api/v1/queue")),
});

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: () => got(api.GET("/api/v1/session")),
  staleTime: Number.POSITIVE_INFINITY,
});

export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: () => got(api.GET("/api/v1/health")),
  staleTime: 5000,
});

/** What a person's browser remembers on the server. */
export function preferenceQuery<Value>(key: string, usual: Value) {
  return queryOptions({
    queryKey: ["preference", key],
    queryFn: async (): Promise<Value> => {
      // all of them, as asking for one that is not kept yet is answered as a fault
      const { preferences } = await got(api.GET("/api/v1/preferences"));
      return (preferences[key] as Value | undefined) ?? usual;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Keep a preference, here at once and on the server. */
export async function keepPreference(key: string, value: unknown): Promise<void> {
  queries.setQueryData(["preference", key], value);
  await api.PUT("/api/v1/preferences/{key}", { params: { path: { key } }, body: value as never });
}
