import { Columns2, Download, PanelRight, RotateCcw, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Asset } from "@/api/client";
import { BigPicture } from "@/pictures/BigPicture";
import big from "@/pictures/big.module.css";
import { carry } from "@/pictures/carrying";
import { download } from "@/pictures/doing";
import { FavouriteButton } from "@/pictures/Favourite";
import { useLook, ZoomTools } from "@/pictures/useLook";
import { useTexts } from "@/texts/texts";
import { classes, IconButton } from "@/ui";
import type { Actions } from "./actions";
import { Layer } from "./Layer";
import styles from "./layer.module.css";
import { RecipePanel } from "./RecipePanel";

/** One picture as large as it can be, with all that is known of it. */
export function Details({
  asset,
  place,
  total,
  actions,
  beside,
  onStep,
  onCompare,
  onClose,
  onFilter,
  onNear,
}: {
  asset: Asset;
  /** In the list; -1 where it is not in it. */
  place: number;
  total: number;
  actions: Actions;
  /** Id of the next one, else of the one before. */
  beside: string | undefined;
  onStep: (step: 1 | -1) => void;
  onCompare: (other: string) => void;
  onClose: () => void;
  onFilter: (by: { model?: string; tag?: string }) => void;
  /** Finds pictures like it; left out where none are looked at. */
  onNear: (() => void) | undefined;
}) {
  const t = useTexts("gallery");
  const tp = useTexts("pictures");
  const looking = useLook(asset.id);
  const [hasPanel, setPanel] = useState(() => localStorage.getItem(PANEL) !== "no");
  const isInBin = asset.deleted !== null;
  function onKey(event: React.KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = new Map<string, () => void>([
      ["ArrowLeft", () => onStep(-1)],
      ["ArrowRight", () => onStep(1)],
      ["f", () => void actions.favourite([asset.id], !asset.favourite)],
      ["Delete", () => !isInBin && void actions.bin([asset.id])],
    ]);
    looking.onKey(event, acts);
  }
  return (
    <Layer
      title={asset.prompt || asset.path}
      about={place >= 0 ? t("of", { n: place + 1, total }) : asset.path}
      onClose={onClose}
      onKey={onKey}
      actions={
        <>
          <span className={styles.wideOnly}>
            <ZoomTools looking={looking} />
          </span>
          {beside && (
            <IconButton icon={Columns2} label={t("compare beside")} onClick={() => onCompare(beside)} />
          )}
          <FavouriteButton
            isOn={asset.favourite}
            shortcut="F"
            onChange={(favourite) => void actions.favourite([asset.id], favourite)}
          />
          <IconButton icon={Download} label={tp("download")} onClick={() => void download([asset.id])} />
          {isInBin ? (
            <IconButton
              icon={RotateCcw}
              label={tp("restore")}
              onClick={() => void actions.restore([asset.id])}
            />
          ) : (
            <IconButton
              icon={Trash2}
              label={tp("delete")}
              shortcut="Del"
              onClick={() => void actions.bin([asset.id])}
            />
          )}
          <span className={styles.wideOnly}>
            <IconButton
              icon={PanelRight}
              label={tp("recipe")}
              pressed={hasPanel}
              onClick={() => {
                localStorage.setItem(PANEL, hasPanel ? "no" : "yes");
                setPanel(!hasPanel);
              }}
            />
          </span>
        </>
      }
    >
      <BigPicture
        url={asset.url}
        alt={asset.prompt || asset.path}
        width={asset.width}
        height={asset.height}
        under={asset.thumbnail ? `${asset.thumbnail}?size=256` : undefined}
        looking={looking}
        onDragStart={(event) => carry([asset], event.dataTransfer)}
        neighbours={{ hasBefore: place > 0, hasNext: place >= 0 && place < total - 1, onStep }}
      />
      <aside className={classes(big.panel, !hasPanel && big.folded)} aria-label={tp("recipe")}>
        <RecipePanel key={asset.id} asset={asset} actions={actions} onFilter={onFilter} onNear={onNear} />
      </aside>
    </Layer>
  );
}

const PANEL = "safelight.gallery.panel";
