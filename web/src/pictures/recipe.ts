import { queryOptions } from "@tanstack/react-query";
import { api, got, type ImageWish, type Schemas } from "@/api/client";
import { convert } from "@/api/workflows";
import { type Digits, type JsonObject, parseJson } from "@/graph/json";

/** All that made a picture, as far as its file tells. */
export interface Recipe extends Omit<Schemas["RecipeView"], "seed" | "wish" | "editor" | "workflow"> {
  seed: number | Digits | null;
  wish: Partial<ImageWish> | null;
  editor: JsonObject | null;
  workflow: JsonObject | null;
}

/** A picture's recipe never changes. Its seeds may have more digits than a JavaScript number holds. */
export function recipeQuery(id: string) {
  return queryOptions({
    queryKey: ["recipe", id],
    queryFn: async () => {
      const text = await got(
        api.GET("/api/v1/assets/{asset}/recipe", { params: { path: { asset: id } }, parseAs: "text" }),
      );
      return parseJson(text) as unknown as Recipe;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The workflow of a recipe as a graph editor saves it; null where the picture tells of none. */
export async function editorOf({ editor, workflow }: Recipe): Promise<JsonObject | null> {
  if (editor) return editor;
  return workflow && (await convert(workflow)).editor;
}

/** What a recipe says, as short words. */
export const LINES = [
  "prompt",
  "negative",
  "checkpoint",
  "vae",
  "loras",
  "size",
  "steps",
  "cfg",
  "sampler",
  "scheduler",
  "seed",
  "denoise",
  "clip skip",
] as const;
export type Line = (typeof LINES)[number];

/** A recipe line by line; what it does not tell is left out. */
export function linesOf(recipe: Recipe): Partial<Record<Line, string>> {
  const { width, height } = recipe;
  const told: Record<Line, string> = {
    prompt: recipe.prompt,
    negative: recipe.negative,
    checkpoint: recipe.checkpoint,
    vae: recipe.vae ?? "",
    loras: recipe.loras.map(({ name, strength }) => `${name} × ${strength}`).join("\n"),
    size: width && height ? `${width} × ${height}` : "",
    steps: shown(recipe.steps),
    cfg: shown(recipe.cfg),
    sampler: recipe.sampler,
    scheduler: recipe.scheduler,
    seed: shown(recipe.seed),
    denoise: recipe.denoise === 1 ? "" : shown(recipe.denoise),
    "clip skip": recipe.clip_skip === 1 ? "" : shown(recipe.clip_skip),
  };
  return Object.fromEntries(Object.entries(told).filter(([, text]) => text !== ""));
}

function shown(value: unknown): string {
  return value === null || value === undefined ? "" : String(value);
}
