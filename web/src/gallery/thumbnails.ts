/** Small pictures for a canvas, fetched a few at a time as they come into sight. */

const AT_ONCE = 6;
const SMALLEST_MADE = 128; // pixels of the smallest that the server makes
const SIDES = [64, SMALLEST_MADE, 256, 512] as const; // pixels in which they are kept, ready to be drawn
const MOST_LARGE = 400; // of more than 64 pixels: what is out of sight goes, so that thousands take little memory

/** The side in which pictures are kept that are drawn so large: sharp, and no larger than it must be. */
export function sideFor(drawn: number, ratio: number): number {
  return SIDES.find((side) => side >= drawn * ratio * 0.8) ?? 512;
}

export class Thumbnails {
  /** By side and URL; null while one is on its way, and where it cannot be had. */
  #kept = new Map<string, ImageBitmap | null>();
  #wanted: readonly string[] = [];
  #side = 0;
  #loading = 0;
  #isOver = false;
  readonly #onLoad: () => void;

  /** `onLoad` is told of each that has come. */
  constructor(onLoad: () => void) {
    this.#onLoad = onLoad;
  }

  /** One as it is wanted now, or else in another size; undefined where there is none yet. */
  get(url: string): ImageBitmap | undefined {
    for (const side of [this.#side, ...SIDES]) {
      const kept = this.#kept.get(keyOf(side, url));
      if (kept) return kept;
    }
    return undefined;
  }

  /** What is in sight now, the most wanted first; what is no longer is not asked for any more. */
  want(urls: readonly string[], side: number): void {
    this.#wanted = urls;
    this.#side = side;
    this.#next();
  }

  stop(): void {
    this.#isOver = true;
    for (const kept of this.#kept.values()) kept?.close();
    this.#kept.clear();
  }

  #next(): void {
    for (const url of this.#wanted) {
      if (this.#isOver || this.#loading >= AT_ONCE) return;
      if (!this.#kept.has(keyOf(this.#side, url))) void this.#load(url, this.#side);
    }
  }

  async #load(url: string, side: number): Promise<void> {
    const key = keyOf(side, url);
    this.#kept.set(key, null);
    this.#loading++;
    const made = await drawable(url, side).catch(() => null); // one that cannot be had stays a blank
    this.#loading--;
    if (this.#isOver) {
      made?.close();
      return;
    }
    this.#kept.set(key, made);
    this.#forget();
    this.#onLoad();
    this.#next();
  }

  #forget(): void {
    const wanted = new Set(this.#wanted.map((url) => keyOf(this.#side, url)));
    const large = [...this.#kept].filter(([key, kept]) => kept && !key.startsWith(`${SIDES[0]} `));
    for (const [key, kept] of large.slice(0, Math.max(0, large.length - MOST_LARGE))) {
      if (wanted.has(key)) continue;
      kept?.close();
      this.#kept.delete(key);
    }
  }
}

const keyOf = (side: number, url: string) => `${side} ${url}`;

async function drawable(url: string, side: number): Promise<ImageBitmap> {
  const image = new Image();
  image.src = `${url}?size=${Math.max(SMALLEST_MADE, side)}`;
  await image.decode();
  const share = Math.min(1, side / Math.max(image.naturalWidth, image.naturalHeight));
  return createImageBitmap(image, {
    resizeWidth: Math.max(1, Math.round(image.naturalWidth * share)),
    resizeHeight: Math.max(1, Math.round(image.naturalHeight * share)),
    resizeQuality: "medium",
  });
}
