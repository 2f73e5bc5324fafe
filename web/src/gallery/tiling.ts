/** Sides of the pictures in the grid, in pixels; one is chosen by its place. */
export const SIDES = [96, 132, 180, 248, 340] as const;
export const USUAL = 2;
export const GAP = 6;

/** How a width is shared among pictures of about one side. */
export function tiling(width: number, side: number): { columns: number; side: number } {
  const columns = Math.max(1, Math.round((width + GAP) / (side + GAP)));
  return { columns, side: Math.max(1, Math.floor((width - GAP * (columns - 1)) / columns)) };
}

/** Side of the thumbnails to ask for: sharp on this screen, and one that the server makes. */
export function thumbnailSide(side: number, ratio: number): number {
  return [128, 256].find((made) => made >= side * ratio * 0.8) ?? 512;
}

/** Where a key goes to from a place in the grid; undefined for other keys. */
export function moved(
  key: string,
  from: number,
  { columns, rows, total }: { columns: number; rows: number; total: number },
): number | undefined {
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    PageUp: -columns * rows,
    PageDown: columns * rows,
    Home: -total,
    End: total,
  };
  const step = steps[key];
  if (step === undefined || total === 0) return undefined;
  const to = from + step;
  if (key === "ArrowUp" && to < 0) return from;
  if (key === "ArrowDown" && to >= total) return from % columns <= (total - 1) % columns ? from : total - 1;
  return Math.min(total - 1, Math.max(0, to));
}
