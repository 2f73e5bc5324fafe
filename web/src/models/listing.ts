import type { Model } from "@/api/client";
import { said } from "@/texts/said";

export type SortKey = "name" | "folder" | "family" | "bytes" | "used" | "last" | "modified";
export type Tab = "files" | "duplicates" | "missing";

/** Where somebody is among the models; all of it stands in the address. */
export interface Place {
  tab: Tab;
  /** Empty for all. */
  folder: string;
  words: string;
  family: string;
  sort: SortKey;
  isUp: boolean;
  /** The model that is open, as `folder/name`. */
  show: string;
}

export const START: Place = {
  tab: "files",
  folder: "",
  words: "",
  family: "",
  sort: "name",
  isUp: true,
  show: "",
};

const SORTS: readonly string[] = [
  "name",
  "folder",
  "family",
  "bytes",
  "used",
  "last",
  "modified",
] satisfies SortKey[];

export function readPlace(address: string): Place {
  const read = new URLSearchParams(address.replace(/^\/models\/?/, ""));
  const tab = read.get("tab");
  const sort = read.get("sort") ?? "";
  return {
    tab: tab === "duplicates" || tab === "missing" ? tab : "files",
    folder: read.get("folder") ?? "",
    words: read.get("words") ?? "",
    family: read.get("family") ?? "",
    sort: SORTS.includes(sort) ? (sort as SortKey) : "name",
    isUp: !read.has("down"),
    show: read.get("show") ?? "",
  };
}

export function addressOf(place: Place): string {
  const written = new URLSearchParams();
  for (const name of ["tab", "folder", "words", "family", "sort", "show"] as const)
    if (place[name] !== START[name]) written.set(name, place[name]);
  if (!place.isUp) written.set("down", "1");
  const text = written.toString();
  return text ? `/models/${text}` : "/models";
}

export function keyOf({ folder, name }: { folder: string; name: string }): string {
  return `${folder}/${name}`;
}

/** The models that are asked for, in their order. */
export function listed(models: readonly Model[], { words, family, sort, isUp }: Place): Model[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = models.filter((model) => {
    const text = [model.name, model.about, said().text(model.about), model.notes, ...model.tags]
      .join("\n")
      .toLowerCase();
    return wanted.every((word) => text.includes(word)) && (!family || model.families.includes(family));
  });
  const way = isUp ? 1 : -1;
  return found.sort((one, other) => way * compared(one, other, sort) || byName(one, other));
}

function compared(one: Model, other: Model, by: SortKey): number {
  switch (by) {
    case "name":
      return byName(one, other);
    case "folder":
      return one.folder.localeCompare(other.folder);
    case "family":
      return one.families.join().localeCompare(other.families.join()) || one.about.localeCompare(other.about);
    case "last":
      return (one.last_used ?? 0) - (other.last_used ?? 0);
    default:
      return one[by] - other[by];
  }
}

function byName(one: Model, other: Model): number {
  return one.name.localeCompare(other.name, undefined, { numeric: true, sensitivity: "base" });
}

/** The families that models go with, with what they are called: as the checkpoints of that family say. */
export function familiesOf(models: readonly Model[]): { family: string; title: string }[] {
  const titles = new Map<string, string>();
  for (const { families, kind, about } of models) {
    for (const family of families) {
      const said = kind === "checkpoint" && families.length === 1 ? about.replace(/ checkpoint\b.*/, "") : "";
      if (said || !titles.has(family)) titles.set(family, said || family.toUpperCase());
    }
  }
  return [...titles]
    .map(([family, title]) => ({ family, title }))
    .sort((one, other) => one.title.localeCompare(other.title));
}

/** Bytes that would be free if each file were there once. */
export function spare(groups: readonly { bytes: number; models: readonly unknown[] }[]): number {
  return groups.reduce((sum, { bytes, models }) => sum + bytes * (models.length - 1), 0);
}
