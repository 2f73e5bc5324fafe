/** Files that widgets choose from, as pictures where there are some. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { upload } from "@/api/client";
import { modelsQuery, nodesQuery, queries } from "@/api/queries";
import { listOf } from "@/graph/json";
import type { InputSpec } from "@/graph/types";
import { pictureUrl } from "@/pictures/picture";
import { said } from "@/texts/said";
import { type Option, sayFailure } from "@/ui";
import { useDesk } from "../desk";

const PICTURES = new Set(["input", "output", "temp"]);
const NONE: readonly string[] = [];

/** What a widget may be: what its specification lists, or the files of a folder. */
export function useChoices(spec: InputSpec, isOpen: boolean): readonly (string | Option)[] {
  const folder = spec.folder ?? "";
  const files = useDesk((state) => state.files[folder] ?? NONE);
  const isModels = folder !== "" && !PICTURES.has(folder);
  const { data: models } = useQuery({ ...modelsQuery(folder), enabled: isOpen && isModels });
  return useMemo(() => {
    if (!folder) return listOf(spec.choices).map(String);
    if (!isModels) return files.map((name) => ({ value: name, picture: pictureUrl(name, folder, true) }));
    const known = new Map(models?.map((model) => [model.name, model]));
    return files.map((name) => ({
      value: name,
      about: said().text(known.get(name)?.about ?? ""),
      picture: known.get(name)?.preview,
    }));
  }, [spec.choices, folder, files, models, isModels]);
}

/** Bring a picture to the input folder; its name there, or null where it did not get there. */
export async function bring(file: Blob, name: string): Promise<string | null> {
  try {
    const { path } = await upload(file, name);
    useDesk.setState(({ files }) => ({
      files: { ...files, input: [...new Set([...(files.input ?? []), path])].sort() },
    }));
    void queries.invalidateQueries({ queryKey: nodesQuery.queryKey });
    return path;
  } catch (error) {
    sayFailure(error);
    return null;
  }
}
