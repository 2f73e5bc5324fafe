import { queryOptions } from "@tanstack/react-query";
import { create } from "zustand";
import { type Asset, api, failure, failureOf, got, type Model } from "@/api/client";
import { queries } from "@/api/queries";
import { keyOf } from "./listing";

export type Named = Pick<Model, "folder" | "name">;

export const foldersQuery = queryOptions({
  queryKey: ["models", "", "folders"],
  queryFn: async () => (await got(api.GET("/api/v1/models"))).folders,
});

export const duplicatesQuery = queryOptions({
  queryKey: ["models", "", "duplicates"],
  queryFn: async () => (await got(api.GET("/api/v1/models/duplicates"))).groups,
});

/** Where files of each folder are looked for; nothing for those who may not see it. */
export const placesQuery = queryOptions({
  queryKey: ["settings", "folders"],
  queryFn: async () => (await got(api.GET("/api/v1/settings"))).folders,
});

export function detailsQuery({ folder, name }: Named) {
  return queryOptions({
    queryKey: ["models", folder, "details", name],
    queryFn: () =>
      got(api.GET("/api/v1/models/{folder}/details", { params: { path: { folder }, query: { name } } })),
  });
}

/** The newest picture that was made with a model. */
export function newestQuery({ name }: Named) {
  return queryOptions({
    queryKey: ["assets", "newest of", name],
    queryFn: async (): Promise<Asset | null> => {
      const query = { model: name, folder: "output", kind: "images", limit: 1 } as const;
      return (await got(api.GET("/api/v1/assets", { params: { query } }))).assets[0] ?? null;
    },
  });
}

const AGAIN = 1500; // milliseconds

/** The SHA-256 of a file; a large one takes a while. */
export async function hashOf({ folder, name }: Named, signal?: AbortSignal): Promise<string> {
  for (;;) {
    const { sha256 } = await got(
      api.GET("/api/v1/models/{folder}/hash", { params: { path: { folder }, query: { name } }, signal }),
    );
    if (sha256) {
      changed({ folder, name }, { sha256 });
      return sha256;
    }
    await new Promise((done) => setTimeout(done, AGAIN));
  }
}

/** Keep what a person notes about a model. */
export async function note(model: Named, change: { notes?: string; tags?: string[] }): Promise<void> {
  const { folder, name } = model;
  const kept = await got(
    api.PATCH("/api/v1/models/{folder}/notes", {
      params: { path: { folder }, query: { name } },
      body: change,
    }),
  );
  changed(model, kept);
}

/** A picture that was put beside a model has the same address as the one before it: told apart by a number. */
const usePictures = create<Record<string, number>>(() => ({}));

export function usePicture(model: Model): string | null {
  const version = usePictures((versions) => versions[keyOf(model)]);
  return model.preview && version ? `${model.preview}&v=${version}` : model.preview;
}

/** Put a picture beside a model. */
export async function setPicture({ folder, name }: Named, picture: Blob): Promise<void> {
  const form = new FormData();
  form.set("file", picture, "preview");
  const query = new URLSearchParams({ name });
  const response = await fetch(`/api/v1/models/${folder}/preview?${query}`, {
    method: "PUT",
    body: form,
  }).catch((error: unknown) => {
    throw failure(error);
  });
  if (!response.ok) throw await failureOf(response);
  usePictures.setState({ [keyOf({ folder, name })]: Date.now() });
  await queries.invalidateQueries({ queryKey: ["models", folder] });
}

/** Put a picture of the gallery beside a model. */
export async function setPictureFrom(model: Named, asset: Asset): Promise<void> {
  const response = await fetch(asset.url).catch((error: unknown) => {
    throw failure(error);
  });
  if (!response.ok) throw await failureOf(response);
  await setPicture(model, await response.blob());
}

function changed({ folder, name }: Named, change: Partial<Model>): void {
  queries.setQueryData<Model[]>(["models", folder], (models) =>
    models?.map((model) => (model.name === name ? { ...model, ...change } : model)),
  );
}
