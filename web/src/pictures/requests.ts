/** What the server is asked about pictures, and what it is asked to do with them. */

import { queryOptions } from "@tanstack/react-query";
import { type Asset, api, failure, failureOf, got } from "@/api/client";
import { queries } from "@/api/queries";

export function assetQuery(id: string) {
  return queryOptions({
    queryKey: ["asset", id],
    queryFn: () => got(api.GET("/api/v1/assets/{asset}", { params: { path: { asset: id } } })),
  });
}

/** Lists of pictures, and their counts, are asked for anew. */
export function refreshPictures(): void {
  void queries.invalidateQueries({ queryKey: ["assets"] });
  void queries.invalidateQueries({ queryKey: ["asset"] });
}

/** Mark a picture as a favourite, or no longer. */
export async function favour(asset: Asset, favourite: boolean): Promise<Asset> {
  const changed = await got(
    api.PATCH("/api/v1/assets/{asset}", { params: { path: { asset: asset.id } }, body: { favourite } }),
  );
  refreshPictures();
  return changed;
}

/** What the server does with many pictures at once is asked for in parts of so many. */
const AT_ONCE = 2000;

export async function inParts(
  ids: readonly string[],
  doing: (part: string[]) => Promise<unknown>,
): Promise<void> {
  for (let from = 0; from < ids.length; from += AT_ONCE) await doing(ids.slice(from, from + AT_ONCE));
  refreshPictures();
}

export function changeAssets(
  ids: readonly string[],
  change: { favourite?: boolean; add_tags?: string[]; remove_tags?: string[] },
): Promise<void> {
  const body = { add_tags: [], remove_tags: [], ...change };
  return inParts(ids, (assets) => api.POST("/api/v1/assets/change", { body: { ...body, assets } }));
}

/** Put pictures into the bin, or delete them for good. */
export function deleteAssets(ids: readonly string[], forever = false): Promise<void> {
  return inParts(ids, (assets) => api.POST("/api/v1/assets/delete", { body: { assets, forever } }));
}

export function restoreAssets(ids: readonly string[]): Promise<void> {
  return inParts(ids, (assets) => api.POST("/api/v1/assets/restore", { body: { assets } }));
}

/** Pictures as one file to be saved. */
export async function archiveOf(ids: readonly string[]): Promise<Blob> {
  const response = await fetch("/api/v1/assets/archive", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ assets: ids }),
  }).catch((error: unknown) => {
    throw failure(error);
  });
  if (!response.ok) throw await failureOf(response);
  return response.blob();
}
