import { useQuery } from "@tanstack/react-query";
import { ArrowLeftRight, Columns2, SquareSplitHorizontal } from "lucide-react";
import { useRef, useState } from "react";
import { type Asset, failure } from "@/api/client";
import big from "@/pictures/big.module.css";
import { assetQuery } from "@/pictures/requests";
import { type Looking, useLook, ZoomTools } from "@/pictures/useLook";
import { ZoomPicture } from "@/pictures/ZoomPicture";
import { placed, type Size } from "@/pictures/zoom";
import { useTexts } from "@/texts/texts";
import { IconButton, Spinner, Trouble } from "@/ui";
import { Layer } from "./Layer";
import styles from "./layer.module.css";
import { WhatDiffers } from "./WhatDiffers";

/** Two pictures over one another with a slider between them, or side by side, and in what their recipes differ. */
export function Compare({
  ids: [one, other],
  onSwap,
  onClose,
}: {
  ids: readonly [string, string];
  onSwap: () => void;
  onClose: () => void;
}) {
  const t = useTexts("gallery");
  const first = useQuery(assetQuery(one));
  const second = useQuery(assetQuery(other));
  const looking = useLook("");
  const [share, setShare] = useState(50);
  const [isBeside, setBeside] = useState(false);
  const error = first.error ?? second.error;
  function onKey(event: React.KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const slide = (by: number) => setShare((at) => Math.min(100, Math.max(0, at + by)));
    const isOnSlider = event.target instanceof HTMLInputElement;
    const acts = new Map<string, () => void>([
      ["ArrowLeft", () => slide(-2)],
      ["ArrowRight", () => slide(2)],
    ]);
    if (isOnSlider && event.key.startsWith("Arrow")) return;
    looking.onKey(event, acts);
  }
  return (
    <Layer
      title={t("compare")}
      onClose={onClose}
      onKey={onKey}
      actions={
        <>
          <ZoomTools looking={looking} />
          <IconButton icon={ArrowLeftRight} label={t("swap")} onClick={onSwap} />
          <IconButton
            icon={isBeside ? SquareSplitHorizontal : Columns2}
            label={isBeside ? t("with slider") : t("side by side")}
            onClick={() => setBeside(!isBeside)}
          />
        </>
      }
    >
      <div className={big.stage}>
        {error ? (
          <Trouble failure={failure(error)} />
        ) : !first.data || !second.data ? (
          <Spinner label={t("loading")} />
        ) : isBeside ? (
          <div className={styles.beside}>
            {[first.data, second.data].map((asset, place) => (
              <Single key={asset.id} asset={asset} letter={"AB"[place] ?? ""} looking={looking} />
            ))}
          </div>
        ) : (
          <Slider one={first.data} other={second.data} share={share} onShare={setShare} looking={looking} />
        )}
      </div>
      <aside className={big.panel} aria-label={t("differences")}>
        <WhatDiffers one={one} other={other} />
      </aside>
    </Layer>
  );
}

function Slider({
  one,
  other,
  share,
  onShare,
  looking: { look, onLook },
}: {
  one: Asset;
  other: Asset;
  share: number;
  onShare: (share: number) => void;
  looking: Looking;
}) {
  const t = useTexts("gallery");
  const ref = useRef<HTMLDivElement>(null);
  return (
    <div ref={ref} className={styles.slider}>
      <ZoomPicture picture={sizeOf(one)} look={look} onLook={onLook}>
        {(shown, at) => (
          <>
            <div className={styles.half} style={{ clipPath: `inset(0 ${100 - share}% 0 0)` }}>
              <img
                className={big.picture}
                src={one.url}
                alt={labelled("A", one)}
                style={placed(shown, at)}
                draggable={false}
              />
            </div>
            <div className={styles.half} style={{ clipPath: `inset(0 0 0 ${share}%)` }}>
              <img
                className={big.picture}
                src={other.url}
                alt={labelled("B", other)}
                style={placed(shown, at)}
                draggable={false}
              />
            </div>
          </>
        )}
      </ZoomPicture>
      <span className={styles.letter} data-side="left" aria-hidden>
        A
      </span>
      <span className={styles.letter} data-side="right" aria-hidden>
        B
      </span>
      <div
        className={styles.divider}
        style={{ left: `${share}%` }}
        aria-hidden
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={(event) => {
          const box = ref.current?.getBoundingClientRect();
          if (!box || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
          onShare(Math.min(100, Math.max(0, ((event.clientX - box.left) / box.width) * 100)));
        }}
      >
        <span>
          <ArrowLeftRight size={16} />
        </span>
      </div>
      <input
        type="range"
        className={styles.range}
        aria-label={t("slider")}
        min={0}
        max={100}
        value={share}
        onChange={(event) => onShare(Number(event.target.value))}
      />
    </div>
  );
}

function Single({
  asset,
  letter,
  looking: { look, onLook },
}: {
  asset: Asset;
  letter: string;
  looking: Looking;
}) {
  return (
    <div className={styles.slider}>
      <ZoomPicture picture={sizeOf(asset)} look={look} onLook={onLook}>
        {(shown, at) => (
          <img
            className={big.picture}
            src={asset.url}
            alt={labelled(letter, asset)}
            style={placed(shown, at)}
            draggable={false}
          />
        )}
      </ZoomPicture>
      <span className={styles.letter} data-side="left" aria-hidden>
        {letter}
      </span>
    </div>
  );
}

function sizeOf({ width, height }: Asset): Size {
  return { width: width ?? 1, height: height ?? 1 };
}

function labelled(letter: string, { prompt, path }: Asset): string {
  return `${letter}: ${prompt || path}`;
}
