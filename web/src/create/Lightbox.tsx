import { Download } from "lucide-react";
import type { Asset } from "@/api/client";
import { BigPicture } from "@/pictures/BigPicture";
import big from "@/pictures/big.module.css";
import { carry } from "@/pictures/carrying";
import { download } from "@/pictures/doing";
import { FavouriteButton } from "@/pictures/Favourite";
import { RecipeParts } from "@/pictures/RecipeParts";
import { useLook, ZoomTools } from "@/pictures/useLook";
import { useTexts } from "@/texts/texts";
import { classes, Dialog, IconButton } from "@/ui";
import { favourite } from "./making";

/** A picture as big as the window, with all that made it; arrows go to its neighbours. */
export default function Lightbox({
  asset,
  pictures,
  onShow,
  onClose,
}: {
  asset: Asset;
  pictures: readonly Asset[];
  onShow: (asset: Asset) => void;
  onClose: () => void;
}) {
  const t = useTexts("pictures");
  const looking = useLook(asset.id);
  const at = pictures.findIndex(({ id }) => id === asset.id);
  const [before, next] = [pictures[at - 1], at < 0 ? undefined : pictures[at + 1]];
  function step(by: 1 | -1) {
    const to = by < 0 ? before : next;
    if (to) onShow(to);
  }
  function onKey(event: React.KeyboardEvent) {
    const acts = new Map<string, () => void>([
      ["ArrowLeft", () => step(-1)],
      ["ArrowRight", () => step(1)],
      ["f", () => void favourite(asset, !asset.favourite)],
    ]);
    looking.onKey(event, acts);
  }
  return (
    <Dialog
      title={asset.prompt || asset.path}
      size="full"
      onClose={onClose}
      onKey={onKey}
      tools={
        <>
          <ZoomTools looking={looking} />
          <FavouriteButton
            isOn={asset.favourite}
            shortcut="F"
            onChange={(isOn) => void favourite(asset, isOn)}
          />
          <IconButton icon={Download} label={t("download")} onClick={() => void download([asset.id])} />
        </>
      }
    >
      <div className={classes(big.body, big.inDialog)}>
        <BigPicture
          url={asset.url}
          alt={asset.prompt || asset.path}
          width={asset.width}
          height={asset.height}
          under={asset.thumbnail ? `${asset.thumbnail}?size=256` : undefined}
          looking={looking}
          onDragStart={(event) => carry([asset], event.dataTransfer)}
          neighbours={{ hasBefore: before !== undefined, hasNext: next !== undefined, onStep: step }}
        />
        <aside className={big.panel} aria-label={t("recipe")}>
          <RecipeParts key={asset.id} asset={asset} />
        </aside>
      </div>
    </Dialog>
  );
}
