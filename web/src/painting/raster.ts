import { texts } from "@/texts/texts";
import { pngOf } from "./feather";
import { flooded } from "./flood";
import { pixelsOf, type Rect, type Size } from "./geometry";
import { outline } from "./outline";
import { type Dab, dabs, reach } from "./strokes";
import type { Mark } from "./types";

const LAMP = "240, 112, 63"; // paint has the colour of its view; what counts is how much of it there is
const REMEMBERED = 96 * 2 ** 20; // bytes of what lay under the newest marks
const OUTLINED = 512; // pixels of the longer side, where the outline is drawn along

/** What a mark was painted over. */
interface Under {
  rect: Rect;
  pixels: HTMLCanvasElement | null;
}

/** A layer as pixels. It follows its marks by painting what is new, or taking back what is gone. */
export class Raster {
  private drawn: Mark[] = [];
  private unders: Under[] = [];
  private live: { mark: Mark & { kind: "stroke" }; done: number } | null = null;
  private readonly context: CanvasRenderingContext2D;

  constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly size: Size,
    private readonly given: (url: string) => CanvasImageSource | null,
  ) {
    Object.assign(canvas, size);
    const context = canvas.getContext("2d");
    if (!context) throw new Error(texts("painting")("cannot paint"));
    this.context = context;
  }

  /** Paint so that these marks, and no others, are there. */
  follow(marks: readonly Mark[]): void {
    let same = 0;
    while (same < marks.length && marks[same] === this.drawn[same]) same++;
    if (this.live && marks.length === same + 1 && this.drawn.length === same) {
      const mark = marks[same];
      if (mark?.kind === "stroke" && mark.points.length === this.live.mark.points.length) {
        this.live = null; // it is painted already
        this.drawn.push(mark);
        this.forget();
        return;
      }
    }
    this.stop();
    while (this.drawn.length > same && this.takeBack());
    if (this.drawn.length > same) {
      this.context.clearRect(0, 0, this.size.width, this.size.height);
      this.drawn = [];
      this.unders = [];
    }
    for (const mark of marks.slice(this.drawn.length)) {
      this.remember(reach(mark));
      this.draw(mark);
      this.drawn.push(mark);
      this.forget();
    }
  }

  /** Show a stroke that is still being painted; only what is new of it is drawn. */
  preview(mark: Mark & { kind: "stroke" }): void {
    const done = this.live?.done ?? 0;
    const rect = reach(mark, done);
    if (!this.live) this.unders.push({ rect: { left: 0, top: 0, right: 0, bottom: 0 }, pixels: null });
    this.enlarge(rect);
    this.paint(mark, dabs(mark, done));
    this.live = { mark, done: mark.points.length / 3 };
  }

  /** Take back a stroke that was not finished. */
  stop(): void {
    if (!this.live) return;
    this.live = null;
    const under = this.unders.pop();
    if (under) this.restore(under);
  }

  private takeBack(): boolean {
    const under = this.unders.pop();
    if (!under) return false;
    this.restore(under);
    this.drawn.pop();
    return true;
  }

  private restore({ rect, pixels }: Under): void {
    const { left, top, right, bottom } = rect;
    this.context.clearRect(left, top, right - left, bottom - top);
    if (pixels) this.context.drawImage(pixels, left, top);
  }

  private remember(rect: Rect | null): void {
    const part = rect
      ? pixelsOf(rect, this.size)
      : { left: 0, top: 0, right: this.size.width, bottom: this.size.height };
    this.unders.push(
      part
        ? { rect: part, pixels: this.copy(part) }
        : { rect: { left: 0, top: 0, right: 0, bottom: 0 }, pixels: null },
    );
  }

  /** What a stroke is painted over grows with it. */
  private enlarge(rect: Rect | null): void {
    const under = this.unders.at(-1);
    const part = rect && pixelsOf(rect, this.size);
    if (!under || !part) return;
    const old = under.rect;
    const isEmpty = under.pixels === null;
    const isInside =
      !isEmpty &&
      part.left >= old.left &&
      part.top >= old.top &&
      part.right <= old.right &&
      part.bottom <= old.bottom;
    if (isInside) return;
    const room = Math.max(part.right - part.left, part.bottom - part.top, 128); // so that it grows seldom
    const union = {
      left: Math.min(isEmpty ? part.left : old.left, part.left - room),
      top: Math.min(isEmpty ? part.top : old.top, part.top - room),
      right: Math.max(isEmpty ? part.right : old.right, part.right + room),
      bottom: Math.max(isEmpty ? part.bottom : old.bottom, part.bottom + room),
    };
    const wider = pixelsOf(union, this.size);
    if (!wider) return;
    const pixels = this.copy(wider);
    if (under.pixels) {
      const context = pixels.getContext("2d");
      const [x, y] = [old.left - wider.left, old.top - wider.top];
      context?.clearRect(x, y, under.pixels.width, under.pixels.height);
      context?.drawImage(under.pixels, x, y);
    }
    under.rect = wider;
    under.pixels = pixels;
  }

  private copy({ left, top, right, bottom }: Rect): HTMLCanvasElement {
    const part = document.createElement("canvas");
    part.width = right - left;
    part.height = bottom - top;
    part.getContext("2d")?.drawImage(this.canvas, -left, -top);
    return part;
  }

  /** Let go of the oldest of what lay under; undoing past them paints anew. */
  private forget(): void {
    const bytes = ({ pixels }: Under) => (pixels ? 4 * pixels.width * pixels.height : 0);
    let sum = this.unders.reduce((total, under) => total + bytes(under), 0);
    while (sum > REMEMBERED) {
      const oldest = this.unders.shift();
      if (!oldest) return;
      sum -= bytes(oldest);
    }
  }

  private draw(mark: Mark): void {
    const { context, size } = this;
    context.globalCompositeOperation = "erase" in mark && mark.erase ? "destination-out" : "source-over";
    context.fillStyle = `rgb(${LAMP})`;
    if (mark.kind === "stroke") this.paint(mark, dabs(mark, 0));
    else if (mark.kind === "area") {
      context.beginPath();
      for (let at = 0; at + 1 < mark.points.length; at += 2)
        context.lineTo(mark.points[at] ?? 0, mark.points[at + 1] ?? 0);
      context.fill();
    } else if (mark.kind === "fill") this.fill(mark.x, mark.y);
    else if (mark.kind === "clear") context.clearRect(0, 0, size.width, size.height);
    else if (mark.kind === "invert") {
      context.globalCompositeOperation = "xor";
      context.fillRect(0, 0, size.width, size.height);
    } else {
      const image = this.given(mark.url);
      if (image) context.drawImage(image, 0, 0, size.width, size.height);
    }
    context.globalCompositeOperation = "source-over";
  }

  private paint({ erase, hardness, size }: Mark & { kind: "stroke" }, prints: readonly Dab[]): void {
    const { context } = this;
    context.globalCompositeOperation = erase ? "destination-out" : "source-over";
    context.fillStyle = `rgb(${LAMP})`;
    const print = hardness < 1 ? softPrint(size / 2, hardness) : null;
    for (const { x, y, radius } of prints) {
      if (print) context.drawImage(print, x - radius, y - radius, 2 * radius, 2 * radius);
      else {
        context.beginPath();
        context.arc(x, y, radius, 0, 2 * Math.PI);
        context.fill();
      }
    }
    context.globalCompositeOperation = "source-over";
  }

  private fill(x: number, y: number): void {
    const { width, height } = this.size;
    const inside = flooded(alphaOf(this.context, this.size), width, height, Math.floor(x), Math.floor(y));
    const part = document.createElement("canvas");
    Object.assign(part, this.size);
    const context = part.getContext("2d");
    if (!context) return;
    const pixels = context.createImageData(width, height);
    const paint = new Uint32Array(pixels.data.buffer);
    const [colour = 0] = new Uint32Array(new Uint8Array([...LAMP.split(",").map(Number), 255]).buffer);
    for (let at = 0; at < inside.length; at++) if (inside[at]) paint[at] = colour;
    context.putImageData(pixels, 0, 0);
    this.context.drawImage(part, 0, 0);
  }
}

/** One dab of a soft brush, which the others are made from: gradients are slow to draw. */
function softPrint(radius: number, hardness: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  const middle = Math.max(2, Math.ceil(radius));
  Object.assign(canvas, { width: 2 * middle, height: 2 * middle });
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  const soft = context.createRadialGradient(middle, middle, middle * hardness, middle, middle, middle);
  soft.addColorStop(0, `rgba(${LAMP}, 1)`);
  soft.addColorStop(0.5, `rgba(${LAMP}, 0.2)`); // dabs lie over each other
  soft.addColorStop(1, `rgba(${LAMP}, 0)`);
  context.fillStyle = soft;
  context.fillRect(0, 0, 2 * middle, 2 * middle);
  return canvas;
}

function alphaOf(context: CanvasRenderingContext2D, { width, height }: Size): Uint8Array {
  const { data } = context.getImageData(0, 0, width, height);
  const alpha = new Uint8Array(width * height);
  for (let at = 0; at < alpha.length; at++) alpha[at] = data[4 * at + 3] ?? 0;
  return alpha;
}

function joined(rasters: readonly Raster[], size: Size): CanvasRenderingContext2D | null {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, size);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  for (const { canvas: layer } of rasters) context?.drawImage(layer, 0, 0, size.width, size.height);
  return context;
}

/** What is painted on any of the layers, white on black; null where nothing is. */
export async function maskOf(rasters: readonly Raster[], size: Size): Promise<Blob | null> {
  const context = joined(rasters, size);
  if (!context || !alphaOf(context, size).some((value) => value > 0)) return null;
  context.globalCompositeOperation = "source-in";
  context.fillStyle = "white";
  context.fillRect(0, 0, size.width, size.height);
  context.globalCompositeOperation = "destination-over";
  context.fillStyle = "black";
  context.fillRect(0, 0, size.width, size.height);
  return pngOf(context.canvas);
}

/** The edge of what is painted on any of the layers, as an SVG path in pixels of the picture. */
export function outlineOf(rasters: readonly Raster[], { width, height }: Size): string {
  const scale = Math.max(1, Math.max(width, height) / OUTLINED);
  const small = {
    width: Math.max(1, Math.round(width / scale)),
    height: Math.max(1, Math.round(height / scale)),
  };
  const context = joined(rasters, small);
  return context ? outline(alphaOf(context, small), small.width, small.height, width / small.width) : "";
}

/** The picture of a mask as paint: the whiter and the less transparent it is, the more. */
export async function paintFrom(url: string): Promise<HTMLCanvasElement> {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  const [red = 0, green = 0, blue = 0] = LAMP.split(",").map(Number);
  for (let at = 0; at < pixels.data.length; at += 4) {
    const white = ((pixels.data[at] ?? 0) * (pixels.data[at + 3] ?? 0)) / 255;
    pixels.data.set([red, green, blue, white], at);
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}
