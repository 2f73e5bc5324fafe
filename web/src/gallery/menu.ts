import {
  Check,
  Columns2,
  Download,
  Heart,
  ImagePlay,
  Maximize2,
  RotateCcw,
  ScanSearch,
  SlidersHorizontal,
  Trash2,
  Workflow,
} from "lucide-react";
import type { Asset } from "@/api/client";
import { download, makeAgain, openIn, startFrom } from "@/pictures/doing";
import { type Translate, texts } from "@/texts/texts";
import type { MenuItem } from "@/ui";
import type { Actions } from "./actions";

/** What the right mouse button offers on a picture; `ids` are all that it is done to. */
export function menuOf(
  t: Translate<"gallery">,
  asset: Asset,
  ids: readonly string[],
  {
    actions,
    isBin,
    onOpen,
    onChoose,
    onCompare,
    onNear,
  }: {
    actions: Actions;
    isBin: boolean;
    onOpen: () => void;
    onChoose: () => void;
    onCompare: (ids: readonly [string, string]) => void;
    /** Finds pictures like it; left out where none are looked at. */
    onNear: (() => void) | undefined;
  },
): MenuItem[] {
  const tp = texts("pictures");
  const [one, other] = ids;
  return [
    { label: t("open"), icon: Maximize2, shortcut: "Enter", onSelect: onOpen },
    { label: t("choose"), icon: Check, shortcut: t("space"), onSelect: onChoose },
    {
      label: tp("favourite"),
      icon: Heart,
      shortcut: "F",
      checked: asset.favourite,
      onSelect: () => void actions.favourite(ids, !asset.favourite),
    },
    null,
    { label: tp("use settings"), icon: SlidersHorizontal, onSelect: () => void makeAgain(asset.id) },
    { label: tp("start from"), icon: ImagePlay, onSelect: () => startFrom(asset.id) },
    {
      label: tp("open as graph"),
      icon: Workflow,
      onSelect: () => void openIn("graph", asset.id, asset.prompt),
    },
    {
      label: ids.length === 2 ? t("compare") : t("compare two"),
      icon: Columns2,
      disabled: ids.length !== 2,
      onSelect: () => one && other && onCompare([one, other]),
    },
    ...(onNear ? [{ label: t("more like this"), icon: ScanSearch, onSelect: onNear }] : []),
    {
      label: tp("download"),
      icon: Download,
      onSelect: () => void download(ids),
    },
    null,
    isBin
      ? { label: tp("restore"), icon: RotateCcw, onSelect: () => void actions.restore(ids) }
      : {
          label: tp("delete"),
          icon: Trash2,
          shortcut: "Del",
          danger: true,
          onSelect: () => void actions.bin(ids),
        },
  ];
}

/** The same where the keys that it names do something else. */
export function withoutKeys(items: readonly MenuItem[]): MenuItem[] {
  return items.map((item) => {
    if (item === null) return null;
    const { shortcut, ...rest } = item;
    return rest;
  });
}
