import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Asset } from "@/api/client";
import { modelsQuery } from "@/api/queries";
import { meant } from "@/create/checkpoints";
import { recipeQuery } from "@/pictures/recipe";
import { type Parts, partsOf, partsOfCheckpoint, shownBy } from "./experiments";
import type { Sampling } from "./requests";

/** What a picture is looked at with. */
export interface Means {
  readonly asset: Asset;
  readonly parts: Parts;
  /** The node that shows the picture; empty where nothing sampled it. */
  readonly shown: string;
  readonly prompt: string;
  /** Which picture of its batch it is. */
  readonly picture: number;
  /** Pixels of the longer side that the model is used to. */
  readonly most: number;
  /** The checkpoint that is taken where the picture tells of none. */
  readonly instead: string;
}

/** The parts of a picture's own workflow, else those of the usual checkpoint; null while they are on their way. */
export function useParts(asset: Asset, sampling: Sampling | null, picture: number): Means | null {
  const recipe = useQuery(recipeQuery(asset.id));
  const models = useQuery(modelsQuery("checkpoints")).data;
  return useMemo(() => {
    if (recipe.isPending) return null;
    const workflow = recipe.data?.workflow;
    if (workflow && sampling) {
      const shown = shownBy(workflow, asset.node, sampling.node);
      const { width = null, height = null, prompt: told = "" } = recipe.data ?? {};
      const prompt = sampling.words?.prompt ?? told;
      const most = Math.max(width ?? 0, height ?? 0) || Math.max(asset.width ?? 0, asset.height ?? 0);
      const parts = partsOf(workflow, shown, sampling.node, prompt);
      return { asset, parts, shown, prompt, picture, most, instead: "" };
    }
    if (!models) return null;
    const { name, native } = meant("", models);
    const most = Math.max(native.width, native.height);
    return { asset, parts: partsOfCheckpoint(name), shown: "", prompt: "", picture, most, instead: name };
  }, [asset, sampling, picture, recipe.isPending, recipe.data, models]);
}
