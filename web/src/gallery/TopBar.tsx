import {
  ArrowDownWideNarrow,
  ArrowUpNarrowWide,
  ImageUp,
  Map as MapIcon,
  SlidersHorizontal,
  X,
} from "lucide-react";
import { useTexts } from "@/texts/texts";
import { Button, classes, IconButton, useFiles } from "@/ui";
import { Finder } from "./Finder";
import { ALL, asked, type Filter, isByLikeness } from "./filter";
import styles from "./gallery.module.css";
import { SIDES } from "./tiling";

/** Looking for words, the order, and how large the pictures of the grid are. */
export function TopBar({
  filter,
  zoom,
  isBusy,
  canLook,
  isMap,
  onChange,
  onZoom,
  onFilters,
  onFiles,
  onMap,
}: {
  filter: Filter;
  zoom: number;
  isBusy: boolean;
  /** Whether pictures are looked at on this server. */
  canLook: boolean;
  /** Whether they lie on a map, where neither order nor size can be chosen. */
  isMap: boolean;
  onChange: (part: Partial<Filter>, replace?: boolean) => void;
  onZoom: (zoom: number) => void;
  onFilters: () => void;
  onFiles: (files: File[]) => void;
  onMap: (isMap: boolean) => void;
}) {
  const t = useTexts("gallery");
  const files = useFiles(onFiles);
  const count = asked(filter);
  const isNewest = filter.order === "newest";
  return (
    <div className={styles.bar}>
      <Button className={styles.filters} icon={SlidersHorizontal} pressed={count > 0} onClick={onFilters}>
        {count ? t("filters of", { n: count }) : t("filters")}
      </Button>
      <Finder filter={filter} canLook={canLook} onChange={onChange} />
      <IconButton
        icon={isNewest ? ArrowDownWideNarrow : ArrowUpNarrowWide}
        label={t(isByLikeness(filter) ? "most alike first" : isNewest ? "newest first" : "oldest first")}
        disabled={isByLikeness(filter) || isMap}
        onClick={() => onChange({ order: isNewest ? "oldest" : "newest" })}
      />
      <input
        type="range"
        className={styles.zoomer}
        aria-label={t("size of pictures")}
        title={t("size of pictures")}
        min={0}
        max={SIDES.length - 1}
        value={zoom}
        disabled={isMap}
        onChange={(event) => onZoom(Number(event.target.value))}
      />
      {(canLook || isMap) && (
        <IconButton icon={MapIcon} label={t("as a map")} pressed={isMap} onClick={() => onMap(!isMap)} />
      )}
      <input {...files.input} multiple />
      <IconButton icon={ImageUp} label={t("bring in")} busy={isBusy} onClick={() => files.choose()} />
    </div>
  );
}

/** What is asked for, each of which can be taken away; and how many pictures that leaves. */
export function Asked({
  filter,
  shown,
  total,
  collection,
  onChange,
}: {
  filter: Filter;
  /** That of the pictures that are shown until its own are there. */
  shown: Filter;
  total: number | null;
  collection: string | undefined;
  onChange: (part: Partial<Filter>) => void;
}) {
  const t = useTexts("gallery");
  const chips: [string, Partial<Filter>][] = [];
  if (filter.source !== "made") chips.push([t(filter.source), { source: "made" }]);
  if (filter.like.trim()) chips.push([t("looks like", { words: filter.like.trim() }), { like: "" }]);
  if (filter.near) chips.push([t("like a picture"), { near: "" }]);
  if (filter.vector) chips.push([t("like the dropped one"), { vector: "" }]);
  if (filter.words.trim()) chips.push([`“${filter.words.trim()}”`, { words: "" }]);
  if (filter.favourite) chips.push([t("favourites"), { favourite: false }]);
  if (filter.collection) chips.push([collection ?? t("collection"), { collection: "" }]);
  if (filter.model) chips.push([filter.model, { model: "" }]);
  for (const tag of filter.tags) chips.push([tag, { tags: filter.tags.filter((other) => other !== tag) }]);
  if (filter.from || filter.to)
    chips.push([`${filter.from || "…"} – ${filter.to || "…"}`, { from: "", to: "" }]);
  if (filter.least || filter.most)
    chips.push([`${filter.least || 0} – ${filter.most || "…"} px`, { least: 0, most: 0 }]);
  return (
    <div className={styles.asked}>
      <span className={styles.count} role="status">
        {total === null ? t("loading") : t(isByLikeness(shown) ? "alike" : "pictures of", { n: total })}
      </span>
      {chips.map(([name, without]) => (
        <button
          key={name}
          type="button"
          className={styles.askedChip}
          aria-label={t("remove filter", { name })}
          onClick={() => onChange(without)}
        >
          <span>{name}</span>
          <X size={13} aria-hidden />
        </button>
      ))}
      {chips.length > 1 && (
        <button
          type="button"
          className={classes(styles.askedChip, styles.clear)}
          onClick={() => onChange({ ...ALL, order: filter.order })}
        >
          {t("clear filters")}
        </button>
      )}
    </div>
  );
}
