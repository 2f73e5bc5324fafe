import { texts } from "@/texts/texts";
import { saveToDisk } from "@/ui";
/** A grid drawn as one picture, with its recipe inside. */

import { type Asset, api, upload } from "@/api/client";
import { formatJson, type JsonObject } from "@/graph/json";
import { keyOf, type Place, sizeOf } from "./cells";
import { withTexts } from "./png";
import { cornerOf, type Measures, measured, wrapped } from "./sheet";
import type { Run } from "./store";

interface Drawn {
  readonly run: Run;
  /** Pictures by key of cells. */
  readonly pictures: Readonly<Record<string, Asset | null>>;
  readonly title: string;
  /** Labels of a line's values, in words. */
  readonly labels: readonly (readonly string[])[];
}

const GROUND = "#ffffff"; // on paper, in both themes
const INK = "#231d19";
const FAINT = "#655b52";
const NOBODY = "#f0ece7";
const AT_ONCE = 6;

/** Draw it, and give the PNG with the workflow and the plan of the grid in it. */
export async function pictureOfGrid(drawn: Drawn): Promise<Blob> {
  const { run } = drawn;
  const size = sizeOf(run.lines);
  const first = Object.values(drawn.pictures).find((asset) => asset !== null);
  const side = [first?.width ?? 256, first?.height ?? 256] as const;
  const longest = Math.max(0, ...(drawn.labels[1] ?? []).map((label) => label.length));
  const measures = measured(size, side, longest, run.lines.length > 2);
  const canvas = document.createElement("canvas");
  canvas.width = measures.width;
  canvas.height = measures.height;
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error(texts("explore")("too large to draw"));
  pen.fillStyle = GROUND;
  pen.fillRect(0, 0, measures.width, measures.height);
  drawLabels(pen, drawn, measures, size);
  await drawPictures(pen, drawn, measures, size);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
  if (!blob) throw new Error(texts("explore")("too large to draw"));
  const bytes = withTexts(new Uint8Array(await blob.arrayBuffer()), recipeOf(run, drawn.title));
  return new Blob([bytes], { type: "image/png" });
}

/** As ComfyUI keeps them: `workflow` for graph editors, `prompt` in the API format; and the grid itself. */
function recipeOf(run: Run, title: string): Record<string, string> {
  const grid = {
    name: title,
    asked: run.asked,
    fixed: run.fixed,
    lines: run.lines,
    axes: run.axes,
  } as unknown as JsonObject;
  return {
    workflow: formatJson(run.base.editor),
    prompt: formatJson(run.base.workflow as unknown as JsonObject),
    safelight: formatJson({ grid }),
  };
}

function drawLabels(pen: CanvasRenderingContext2D, drawn: Drawn, measures: Measures, size: Place): void {
  const { text, cell, gap, left, top } = measures;
  const [columns, rows, pages] = drawn.run.lines;
  const font = (height: number, weight = 400) => {
    pen.font = `${weight} ${height}px system-ui, "Noto Sans", "Noto Sans SC", sans-serif`;
  };
  const widthOf = (words: string) => pen.measureText(words).width;
  const write = (words: readonly string[], x: number, y: number) => {
    for (const [line, part] of words.entries()) pen.fillText(part, x, y + line * text * 1.2);
  };
  pen.textBaseline = "top";
  pen.fillStyle = INK;
  font(Math.round(text * 1.25), 600);
  pen.fillText(wrapped(drawn.title, measures.width - 2 * gap, 1, widthOf)[0] ?? "", gap, text * 0.6);
  for (let page = 0; page < size[2]; page++) {
    const [, above] = cornerOf(measures, [0, 0, page]);
    const head = above - top;
    if (pages) {
      font(text, 600);
      pen.fillStyle = INK;
      pen.fillText(`${pages.name}: ${drawn.labels[2]?.[page] ?? ""}`, gap, head + text * 0.4);
    }
    font(text);
    pen.fillStyle = FAINT;
    const names = rows ? `${columns?.name ?? ""} →  ${rows.name} ↓` : `${columns?.name ?? ""} →`;
    if (rows) write(wrapped(names, left - gap, 2, widthOf), gap, above - text * 2.6);
    pen.fillStyle = INK;
    pen.textAlign = "center";
    for (let column = 0; column < size[0]; column++) {
      const lines = wrapped(drawn.labels[0]?.[column] ?? "", cell[0], 2, widthOf);
      const [x] = cornerOf(measures, [column, 0, page]);
      write(lines, x + cell[0] / 2, above - text * (lines.length * 1.2 + 0.3));
    }
    pen.textAlign = "right";
    for (let row = 0; rows && row < size[1]; row++) {
      const lines = wrapped(drawn.labels[1]?.[row] ?? "", left - 2 * gap, 4, widthOf);
      const [, y] = cornerOf(measures, [0, row, page]);
      write(lines, left - gap, y + cell[1] / 2 - (lines.length * text * 1.2) / 2);
    }
    pen.textAlign = "left";
  }
}

async function drawPictures(
  pen: CanvasRenderingContext2D,
  drawn: Drawn,
  measures: Measures,
  size: Place,
): Promise<void> {
  const [width, height] = measures.cell;
  const open: Place[] = [];
  for (let page = 0; page < size[2]; page++)
    for (let row = 0; row < size[1]; row++)
      for (let column = 0; column < size[0]; column++) open.push([column, row, page]);
  async function work(): Promise<void> {
    for (let at = open.pop(); at; at = open.pop()) {
      const [x, y] = cornerOf(measures, at);
      const asset = drawn.pictures[keyOf(at)];
      const bitmap = asset ? await bitmapOf(asset.url) : null;
      pen.fillStyle = NOBODY;
      pen.fillRect(x, y, width, height);
      if (!bitmap) continue;
      const scale = Math.min(width / bitmap.width, height / bitmap.height);
      const [w, h] = [bitmap.width * scale, bitmap.height * scale];
      pen.drawImage(bitmap, x + (width - w) / 2, y + (height - h) / 2, w, h);
      bitmap.close();
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function bitmapOf(url: string): Promise<ImageBitmap | null> {
  const response = await fetch(url);
  return response.ok ? createImageBitmap(await response.blob()) : null;
}

/** Hand it to the person as a file, and keep it with the pictures that were brought. */
export async function keepGrid(picture: Blob, name: string): Promise<Asset> {
  saveToDisk(picture, name);
  const asset = await upload(picture, name);
  const change = { favourite: null, tags: ["grid"] };
  await api.PATCH("/api/v1/assets/{asset}", { params: { path: { asset: asset.id } }, body: change });
  return asset;
}
