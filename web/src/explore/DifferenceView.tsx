import { useEffect, useRef, useState } from "react";
import { useTexts } from "@/texts/texts";
import { difference } from "./difference";
import styles from "./grid.module.css";

const SIDE = 256; // pixels; enough to see where

/** Where a picture differs from another, laid over it. */
export function DifferenceView({ url, against }: { url: string; against: string }) {
  const t = useTexts("explore");
  const canvas = useRef<HTMLCanvasElement>(null);
  const [share, setShare] = useState<number | null>(null);
  useEffect(() => {
    let isCurrent = true;
    void Promise.all([pixelsOf(url), pixelsOf(against)]).then(([one, other]) => {
      const element = canvas.current;
      if (!isCurrent || !element || !one || !other) return;
      element.width = SIDE;
      element.height = SIDE;
      const made = difference(one, other);
      element.getContext("2d")?.putImageData(new ImageData(made.pixels, SIDE, SIDE), 0, 0);
      setShare(made.share);
    });
    return () => {
      isCurrent = false;
    };
  }, [url, against]);
  return (
    <>
      <canvas ref={canvas} className={styles.difference} aria-hidden />
      {share !== null && (
        <span className={styles.badge}>{t("difference", { n: Math.round(share * 1000) / 10 })}</span>
      )}
    </>
  );
}

async function pixelsOf(url: string): Promise<Uint8ClampedArray | null> {
  const response = await fetch(url);
  if (!response.ok) return null;
  const bitmap = await createImageBitmap(await response.blob());
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (!pen) return null;
  pen.drawImage(bitmap, 0, 0, SIDE, SIDE);
  bitmap.close();
  return pen.getImageData(0, 0, SIDE, SIDE).data;
}
