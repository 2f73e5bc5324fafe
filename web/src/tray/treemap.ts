/** Areas as large as numbers, laid into a box. */

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Cut a box into areas of given sizes, the largest first, each as nearly square as those before it allow.
 *
 * Source: Bruls, Huizing & van Wijk 2000, "Squarified treemaps", section 3.
 */
export function squarified(sizes: readonly number[], box: Box): Box[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const areas = total > 0 ? sizes.map((size) => (size * box.width * box.height) / total) : [];
  const found: Box[] = [];
  let left = box;
  for (let from = 0; from < areas.length; ) {
    const short = Math.min(left.width, left.height);
    let to = from + 1;
    while (
      to < areas.length &&
      worst(areas.slice(from, to + 1), short) <= worst(areas.slice(from, to), short)
    )
      to++;
    const row = areas.slice(from, to);
    const thick = short > 0 ? row.reduce((sum, area) => sum + area, 0) / short : 0;
    let along = 0;
    for (const area of row) {
      const length = thick > 0 ? area / thick : 0;
      found.push(
        left.width >= left.height
          ? { x: left.x, y: left.y + along, width: thick, height: length }
          : { x: left.x + along, y: left.y, width: length, height: thick },
      );
      along += length;
    }
    left =
      left.width >= left.height
        ? { ...left, x: left.x + thick, width: Math.max(0, left.width - thick) }
        : { ...left, y: left.y + thick, height: Math.max(0, left.height - thick) };
    from = to;
  }
  return found;
}

/** How far from square the worst of a row is. */
function worst(row: readonly number[], short: number): number {
  const sum = row.reduce((total, area) => total + area, 0);
  const thick = (sum / short) ** 2;
  return Math.max(...row.map((area) => Math.max(thick / area, area / thick)));
}
