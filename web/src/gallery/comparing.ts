/** What the server knows of why pictures differ, and of what they were made from. */

import { queryOptions } from "@tanstack/react-query";
import { api, got, type Schemas } from "@/api/client";

export type Difference = Schemas["DifferenceView"];
export type Effect = Difference["effect"];
export type Pixels = Omit<Schemas["PixelsView"], "a" | "b"> & Record<"a" | "b", readonly number[]>;
export type Relative = Schemas["RelativeView"];

/** The strongest first. */
export const EFFECTS = ["much", "some", "little", "none"] as const satisfies readonly Effect[];

/** Files that pictures are in never change. */
export function comparisonQuery(a: string, b: string) {
  return queryOptions({
    queryKey: ["comparison", a, b],
    queryFn: () => got(api.GET("/api/v1/compare", { params: { query: { a, b } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function differencePicture(a: string, b: string): string {
  return `/api/v1/compare/picture?${new URLSearchParams({ a, b })}`;
}

/** Asked for anew when pictures are deleted or restored. */
export function lineageQuery(id: string) {
  return queryOptions({
    queryKey: ["asset", "lineage", id],
    queryFn: () => got(api.GET("/api/v1/assets/{asset}/lineage", { params: { path: { asset: id } } })),
    staleTime: 0, // any job may begin with it
  });
}
