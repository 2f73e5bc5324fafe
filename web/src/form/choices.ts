import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { modelsQuery } from "@/api/queries";
import { listOf } from "@/graph/json";
import type { InputSpec } from "@/graph/types";
import { pictureUrl } from "@/pictures/picture";
import { said } from "@/texts/said";
import type { Option } from "@/ui";

/** Names of files, by folder. */
export type Files = Readonly<Record<string, readonly string[]>>;

const PICTURES = new Set(["input", "output", "temp"]);

/** What a field may be: what its specification lists, or the files of a folder, with pictures where there are some. */
export function useOptions({ folder, choices }: InputSpec, files: Files): readonly Option[] {
  const isModels = typeof folder === "string" && !PICTURES.has(folder);
  const { data: models } = useQuery({ ...modelsQuery(folder ?? ""), enabled: isModels });
  return useMemo(() => {
    if (!folder) return listOf(choices).map((one) => ({ value: String(one) }));
    const names = files[folder] ?? [];
    if (!isModels) return names.map((name) => ({ value: name, picture: pictureUrl(name, folder, true) }));
    const known = new Map(models?.map((model) => [model.name, model]));
    return names.map((name) => ({
      value: name,
      about: said().text(known.get(name)?.about ?? ""),
      picture: known.get(name)?.preview,
    }));
  }, [folder, choices, files, models, isModels]);
}
