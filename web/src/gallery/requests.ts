import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, got, type Schemas, sent } from "@/api/client";
import { inParts, refreshPictures } from "@/pictures/requests";
import { type Filter, queryOf } from "./filter";
import type { AskPage } from "./pictureList";

export type Facets = Schemas["FacetsView"];
export type Collection = Schemas["CollectionView"];

/** Asks for the pictures of a filter. */
export function asking(filter: Filter): AskPage {
  const query = queryOf(filter);
  return (offset, limit) =>
    got(api.GET("/api/v1/assets", { params: { query: { ...query, limit, offset } } }));
}

export const facetsQuery = queryOptions({
  queryKey: ["assets", "facets"],
  queryFn: () =>
    got(api.GET("/api/v1/assets/facets", { params: { query: { ahead: -new Date().getTimezoneOffset() } } })),
});

export const collectionsQuery = queryOptions({
  queryKey: ["assets", "collections"],
  queryFn: async () => (await got(api.GET("/api/v1/collections"))).collections,
});

/** How far looking at the pictures is. */
export const lookingQuery = queryOptions({
  queryKey: ["assets", "looking"],
  queryFn: () => got(api.GET("/api/v1/clip")),
});

export type MapMethod = Schemas["MapView"]["methods"][number];

/** Where the pictures of a filter lie on a map; while another is drawn, the last one stays. */
export function mapQuery(filter: Filter, method: MapMethod) {
  const { order, ...query } = queryOf(filter);
  return queryOptions({
    queryKey: ["assets", "map", method, query],
    queryFn: () => got(api.GET("/api/v1/clip/map", { params: { query: { ...query, method } } })),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
}

/** The first pictures of a filter: the newest, or the most alike where likeness is asked for. */
export function firstQuery(filter: Filter, most: number) {
  const newest: Filter = { ...filter, order: "newest" };
  return queryOptions({
    queryKey: ["assets", "first", most, queryOf(newest)],
    queryFn: () => asking(newest)(0, most),
  });
}

/** A picture as CLIP sees it, to be searched with; it is not kept. */
export async function vectorOf(file: Blob): Promise<string> {
  const { vector } = await sent<Schemas["VectorView"]>("/api/v1/clip/vector", { file });
  return vector;
}

export async function makeCollection(name: string): Promise<Collection> {
  const made = await got(api.POST("/api/v1/collections", { body: { name } }));
  refreshPictures();
  return made;
}

export async function renameCollection(id: string, name: string): Promise<void> {
  await api.PATCH("/api/v1/collections/{collection}", {
    params: { path: { collection: id } },
    body: { name },
  });
  refreshPictures();
}

export async function deleteCollection(id: string): Promise<void> {
  await api.DELETE("/api/v1/collections/{collection}", { params: { path: { collection: id } } });
  refreshPictures();
}

export async function addTo(collection: string, ids: readonly string[]): Promise<void> {
  const params = { path: { collection } };
  await inParts(ids, (assets) =>
    api.POST("/api/v1/collections/{collection}/add", { params, body: { assets } }),
  );
}

export async function takeFrom(collection: string, ids: readonly string[]): Promise<void> {
  const params = { path: { collection } };
  await inParts(ids, (assets) =>
    api.POST("/api/v1/collections/{collection}/remove", { params, body: { assets } }),
  );
}

/** Ids of all pictures of a filter, in their order. */
export async function idsOf(filter: Filter): Promise<string[]> {
  const ask = asking(filter);
  const ids: string[] = [];
  for (;;) {
    const { assets, total } = await ask(ids.length, 200);
    ids.push(...assets.map(({ id }) => id));
    if (assets.length === 0 || ids.length >= total) return ids;
  }
}
