/** Where everything stands on the one picture that a grid is saved as. All measures are pixels. */

import type { Place } from "./cells";

export interface Measures {
  readonly width: number;
  readonly height: number;
  readonly cell: readonly [width: number, height: number];
  readonly gap: number;
  readonly text: number;
  /** Room for the labels of rows. */
  readonly left: number;
  /** Room for the title and the labels of columns, at the top of each page. */
  readonly top: number;
  readonly title: number;
  /** Height of a page with its labels. */
  readonly page: number;
}

const MOST_SIDE = 16_000;
const MOST_PIXELS = 100_000_000;

/**
 * The measures for pictures of a size; smaller ones where the whole would be too large for a browser to draw.
 *
 * `longest` is the number of letters of the longest label of a row; 0 where there are no rows.
 */
export function measured(
  size: Place,
  picture: readonly [number, number],
  longest: number,
  hasPages: boolean,
): Measures {
  const make = (scale: number): Measures => {
    const cell = [
      Math.max(16, Math.round(picture[0] * scale)),
      Math.max(16, Math.round(picture[1] * scale)),
    ] as const;
    const text = Math.max(11, Math.round(Math.min(28, cell[0] / 14)));
    const gap = Math.max(4, Math.round(cell[0] / 64));
    const left = longest ? Math.round(text * Math.min(14, Math.max(5, longest * 0.62 + 1.5))) : gap;
    const title = Math.round(text * 2.6);
    const top = Math.round(text * (hasPages ? 5.2 : 3.2));
    const page = top + size[1] * (cell[1] + gap);
    return {
      width: left + size[0] * (cell[0] + gap),
      height: title + size[2] * page,
      cell,
      gap,
      text,
      left,
      top,
      title,
      page,
    };
  };
  let scale = Math.max(1, 160 / picture[0]); // labels need some room beside tiny pictures
  for (;;) {
    const made = make(scale);
    const fits =
      made.width <= MOST_SIDE && made.height <= MOST_SIDE && made.width * made.height <= MOST_PIXELS;
    if (fits || made.cell[0] <= 16) return made;
    scale *= 0.85;
  }
}

/** Upper left corner of a cell. */
export function cornerOf(measures: Measures, [column, row, page]: Place): readonly [x: number, y: number] {
  const { left, top, title, cell, gap } = measures;
  return [left + column * (cell[0] + gap), title + page * measures.page + top + row * (cell[1] + gap)];
}

/** A text in lines that fit, cut where there are too many. */
export function wrapped(
  text: string,
  width: number,
  most: number,
  widthOf: (text: string) => number,
): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const part of text.match(/\s+|[^\s\p{Script=Han}]+|\p{Script=Han}/gu) ?? []) {
    if (widthOf(line + part.trimEnd()) <= width) line += part;
    else {
      if (line.trim()) lines.push(line.trim());
      line = part.trimStart();
      while (widthOf(line) > width && line.length > 1) {
        let end = line.length - 1;
        while (end > 1 && widthOf(line.slice(0, end)) > width) end--;
        lines.push(line.slice(0, end));
        line = line.slice(end);
      }
    }
  }
  if (line.trim()) lines.push(line.trim());
  if (lines.length <= most) return lines;
  let last = lines[most - 1] ?? "";
  while (last.length > 1 && widthOf(`${last}…`) > width) last = last.slice(0, -1);
  return [...lines.slice(0, most - 1), `${last}…`];
}
