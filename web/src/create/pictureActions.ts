import {
  ArrowUpFromLine,
  Copy,
  Grid3x3,
  ImagePlay,
  Shuffle,
  SlidersHorizontal,
  Trash2,
  Waves,
  Workflow,
} from "lucide-react";
import type { Asset } from "@/api/client";
import { copyPrompt } from "@/pictures/doing";
import { pictureOf } from "@/pictures/picture";
import { useTexts } from "@/texts/texts";
import type { MenuItem } from "@/ui";
import { enlarge, LIKE, moreLike, openIn, putAway, startFrom, takeSettingsOf } from "./making";

/** What can be done with a picture. */
export function usePictureActions(asset: Asset) {
  const t = useTexts("create");
  const tp = useTexts("pictures");
  const like: MenuItem[] = [
    { label: t("more seeds", { n: LIKE }), icon: Shuffle, onSelect: () => void moreLike(asset, "seeds") },
    {
      label: t("more variations", { n: LIKE }),
      icon: Waves,
      onSelect: () => void moreLike(asset, "variations"),
    },
  ];
  const larger: MenuItem[] = [1.5, 2].map((by) => ({
    label: t("enlarge times", { by }),
    icon: ArrowUpFromLine,
    onSelect: () => void enlarge(asset, by),
  }));
  const rest: MenuItem[] = [
    { label: t("use as start"), icon: ImagePlay, onSelect: () => startFrom(pictureOf(asset)) },
    { label: tp("use settings"), icon: SlidersHorizontal, onSelect: () => void takeSettingsOf(asset) },
    { label: tp("copy prompt"), icon: Copy, onSelect: () => void copyPrompt(asset.prompt) },
    null,
    { label: tp("open as graph"), icon: Workflow, onSelect: () => void openIn("graph", asset) },
    { label: t("explore this"), icon: Grid3x3, onSelect: () => void openIn("explore", asset) },
    null,
    { label: tp("delete"), icon: Trash2, danger: true, onSelect: () => void putAway(asset) },
  ];
  return { like, larger, rest, all: [...like, null, ...larger, null, ...rest] };
}
