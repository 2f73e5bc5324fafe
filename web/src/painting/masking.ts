/** A copy of a picture whose transparency is a painted mask, which is how nodes that load pictures take one. */

import { withMask } from "./alphaPng";
import { feathered } from "./feather";
import type { Painted } from "./types";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Null where nothing was painted. */
export async function maskedCopy(url: string, size: Size, { mask, feather }: Painted): Promise<Blob | null> {
  if (!mask) return null;
  const soft = feather > 0 ? await feathered(mask, feather) : mask;
  const [colours, white] = await Promise.all([pixels(url, size), pixels(soft, size)]);
  return withMask(colours, white, size.width, size.height);
}

/** What a masked copy of a file is called. */
export function maskedName(original: string): string {
  return `${original
    .replace(/^.*\//, "")
    .replace(/ \[\w+\]$/, "")
    .replace(/\.[^.]+$/, "")}-masked.png`;
}

/** The pixels of a picture, RGBA. */
async function pixels(source: string | Blob, { width, height }: Size) {
  const blob = typeof source === "string" ? await (await fetch(source)).blob() : source;
  // colours as the file has them, also where it is transparent
  const image = await createImageBitmap(blob, { premultiplyAlpha: "none", colorSpaceConversion: "none" });
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("This browser gives no canvas to paint on.");
  context.drawImage(image, 0, 0, width, height);
  image.close();
  return context.getImageData(0, 0, width, height).data;
}
