/** Which pictures are shown, and which one is open: all of it stands in the address, so that "back" works. */

export type Source = "made" | "brought" | "bin";
export type Order = "newest" | "oldest";

export interface Filter {
  source: Source;
  /** A text that the prompt holds. */
  words: string;
  /** What is to be seen, in words; of this and the next two one at most says something. */
  like: string;
  /** Id of a picture that others are to be like. */
  near: string;
  /** The same of a picture that is not kept, as the server sees it. */
  vector: string;
  /** A model file that was used. */
  model: string;
  tags: readonly string[];
  /** Id of one. */
  collection: string;
  favourite: boolean;
  /** Days as `2026-11-23`; empty for any. */
  from: string;
  to: string;
  /** Pixels of the longer side; 0 for any. */
  least: number;
  most: number;
  order: Order;
}

/** Where somebody is in the gallery. */
export interface Place {
  filter: Filter;
  /** Id of the picture that is open. */
  show: string;
  /** Ids of two that are compared. */
  compare: readonly [string, string] | null;
  /** Whether the pictures lie on a map, not in a grid. */
  map: boolean;
}

export const NO_LIKENESS = { like: "", near: "", vector: "" } as const;

export const ALL: Filter = {
  source: "made",
  ...NO_LIKENESS,
  words: "",
  model: "",
  tags: [],
  collection: "",
  favourite: false,
  from: "",
  to: "",
  least: 0,
  most: 0,
  order: "newest",
};

const SOURCES: readonly string[] = ["made", "brought", "bin"] satisfies Source[];

const FOLDERS = { made: "output", brought: "input" } as const;

/** The place that an address such as `/gallery/words=cat&tag=best` names. */
export function readPlace(address: string): Place {
  const read = new URLSearchParams(address.replace(/^\/gallery\/?/, ""));
  const source = read.get("in") ?? "";
  const [one, other] = (read.get("compare") ?? "").split(",");
  return {
    filter: {
      source: SOURCES.includes(source) ? (source as Source) : "made",
      words: read.get("words") ?? "",
      ...likeness(read),
      model: read.get("model") ?? "",
      tags: read.getAll("tag"),
      collection: read.get("collection") ?? "",
      favourite: read.has("favourite"),
      from: day(read.get("from")),
      to: day(read.get("to")),
      least: pixels(read.get("least")),
      most: pixels(read.get("most")),
      order: read.get("order") === "oldest" ? "oldest" : "newest",
    },
    show: read.get("show") ?? "",
    compare: one && other ? [one, other] : null,
    map: read.has("map"),
  };
}

/** The address of a place. */
export function addressOf(filter: Filter, rest: Partial<Omit<Place, "filter">> = {}): string {
  const written = new URLSearchParams();
  if (filter.source !== "made") written.set("in", filter.source);
  for (const name of ["words", "like", "near", "vector", "model", "collection", "from", "to"] as const)
    if (filter[name]) written.set(name, filter[name]);
  for (const tag of filter.tags) written.append("tag", tag);
  if (filter.favourite) written.set("favourite", "1");
  if (filter.least) written.set("least", String(filter.least));
  if (filter.most) written.set("most", String(filter.most));
  if (filter.order !== "newest") written.set("order", filter.order);
  if (rest.map) written.set("map", "1");
  if (rest.show) written.set("show", rest.show);
  if (rest.compare) written.set("compare", rest.compare.join(","));
  const text = written.toString();
  return text ? `/gallery/${text}` : "/gallery";
}

/** A filter as the server is asked; days are those of this browser's clock. */
export function queryOf(filter: Filter) {
  return {
    kind: "images",
    folder: filter.source === "bin" || filter.collection ? undefined : FOLDERS[filter.source],
    deleted: filter.source === "bin" || undefined,
    prompt: filter.words.trim() || undefined,
    like: filter.like.trim() || undefined,
    near: filter.near || undefined,
    vector: filter.vector || undefined,
    model: filter.model || undefined,
    tag: filter.tags.length ? [...filter.tags] : undefined,
    collection: filter.collection || undefined,
    favourite: filter.favourite || undefined,
    since: filter.from ? midnight(filter.from) : undefined,
    until: filter.to ? midnight(filter.to, 1) - 0.001 : undefined,
    least: filter.least || undefined,
    most: filter.most || undefined,
    order: filter.order,
  } as const;
}

/** How many things are asked for beside where the pictures come from and their order. */
export function asked(filter: Filter): number {
  const { words, like, near, vector, model, tags, collection, favourite, from, to, least, most } = filter;
  return (
    [
      words.trim(),
      like.trim() || near || vector,
      model,
      collection,
      favourite,
      from || to,
      least || most,
    ].filter(Boolean).length + tags.length
  );
}

/** Whether the pictures come in the order of how like they are to something. */
export function isByLikeness({ like, near, vector }: Filter): boolean {
  return Boolean(like.trim() || near || vector);
}

/** A day of this browser's clock as `2026-11-23`. */
export function dayOf(date: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Seconds since 1970 at the beginning of a day, or of one some days later. */
function midnight(of: string, later = 0): number {
  const [year = 1970, month = 1, date = 1] = of.split("-").map(Number);
  return new Date(year, month - 1, date + later).getTime() / 1000;
}

/** The first thing that pictures are to be like. */
function likeness(read: URLSearchParams) {
  const name = (["like", "near", "vector"] as const).find((one) => read.get(one));
  return name ? { ...NO_LIKENESS, [name]: read.get(name) ?? "" } : NO_LIKENESS;
}

function day(text: string | null): string {
  return text && /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : "";
}

function pixels(text: string | null): number {
  const number = Number(text);
  return Number.isInteger(number) && number > 0 && number < 2 ** 31 ? number : 0;
}
