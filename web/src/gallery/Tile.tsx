import { Check } from "lucide-react";
import { memo, useRef } from "react";
import type { Asset } from "@/api/client";
import { FavouriteMark } from "@/pictures/Favourite";
import { useTexts } from "@/texts/texts";
import { classes } from "@/ui";
import styles from "./gallery.module.css";

export interface TileProps {
  asset: Asset | undefined;
  place: number;
  id: string;
  total: number;
  /** Pixels of the thumbnail to ask for. */
  thumbnail: number;
  isActive: boolean;
  isChosen: boolean;
  onPress: (place: number, how: "open" | "choose" | "range") => void;
  onDragStart: (asset: Asset, data: DataTransfer) => void;
}

const LONG = 450; // milliseconds of a long press

/** One picture of the grid. The grid has the focus and the keys. */
export const Tile = memo(function Tile({
  asset,
  place,
  id,
  total,
  thumbnail,
  isActive,
  isChosen,
  onPress,
  onDragStart,
}: TileProps) {
  const t = useTexts("pictures");
  const press = useRef<{ timer: ReturnType<typeof setTimeout>; isLong: boolean } | null>(null);
  const isTouch = useRef(false);
  if (!asset) return <div className={styles.tile} data-place={place} />;
  function begin(event: React.PointerEvent) {
    isTouch.current = event.pointerType !== "mouse";
    if (!isTouch.current) return;
    event.stopPropagation(); // a long press chooses; the menu is the right button's
    const held = {
      isLong: false,
      timer: setTimeout(() => {
        held.isLong = true;
        onPress(place, "choose");
      }, LONG),
    };
    press.current = held;
  }
  function end() {
    if (press.current) clearTimeout(press.current.timer);
  }
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the grid, which has the focus
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus
    <div
      id={id}
      role="option"
      aria-selected={isChosen}
      aria-label={labelOf(asset, t("favourite"))}
      aria-posinset={place + 1}
      aria-setsize={total}
      data-place={place}
      data-asset={asset.id}
      className={classes(styles.tile, isActive && styles.active, isChosen && styles.chosen)}
      draggable
      onDragStart={(event) => {
        end();
        if (isTouch.current) event.preventDefault();
        else onDragStart(asset, event.dataTransfer);
      }}
      onPointerDown={begin}
      onPointerUp={end}
      onPointerCancel={end}
      onPointerLeave={end}
      onContextMenu={(event) => {
        if (!isTouch.current) return;
        event.preventDefault();
        event.stopPropagation();
      }}
      onClick={(event) => {
        if (press.current?.isLong) {
          press.current = null;
          return;
        }
        const tick = event.target instanceof Element && event.target.closest("[data-tick]");
        if (event.shiftKey) onPress(place, "range");
        else onPress(place, event.ctrlKey || event.metaKey || tick ? "choose" : "open");
      }}
    >
      <img
        src={`${asset.thumbnail ?? asset.url}?size=${thumbnail}`}
        alt=""
        loading="eager"
        decoding="async"
        draggable={false}
      />
      <span className={styles.tick} data-tick aria-hidden>
        <Check size={15} strokeWidth={3} />
      </span>
      {asset.favourite && <FavouriteMark />}
    </div>
  );
});

function labelOf({ prompt, path, favourite }: Asset, word: string): string {
  const words = prompt.length > 120 ? `${prompt.slice(0, 120)}…` : prompt || path;
  return favourite ? `${words} · ${word}` : words;
}
