/**
 * The edge of what is painted at half, as an SVG path of closed lines.
 *
 * The plane may be smaller than the picture; `scale` brings its places back to the picture's.
 */
export function outline(alpha: Uint8Array, width: number, height: number, scale: number): string {
  const at = (x: number, y: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : (alpha[y * width + x] ?? 0);
  const place = (value: number) => Math.round(value * scale * 10) / 10;
  const lines = new Map<string, { to: string; through: string }>(); // by the edge of a cell that each begins at
  for (let y = -1; y < height; y++) {
    for (let x = -1; x < width; x++) {
      const corners = [at(x, y), at(x + 1, y), at(x + 1, y + 1), at(x, y + 1)] as const;
      const shape = corners.reduce((sum: number, value, bit) => sum + (value >= HALF ? 1 << bit : 0), 0);
      for (const [from, to] of LINES[shape] ?? []) {
        const [left, top] = crossing(from, corners, x, y);
        lines.set(nameOf(from, x, y), { to: nameOf(to, x, y), through: `${place(left)} ${place(top)}` });
      }
    }
  }
  const loops: string[] = [];
  for (const start of lines.keys()) {
    const points: string[] = [];
    for (let next = lines.get(start), name = start; next; next = lines.get(name)) {
      points.push(next.through);
      lines.delete(name);
      name = next.to;
    }
    loops.push(`M${points.join("L")}Z`);
  }
  return loops.join("");
}

/** The same name for an edge from both of its cells. */
function nameOf(edge: Edge, x: number, y: number): string {
  if (edge === 0) return `-${x} ${y}`;
  if (edge === 1) return `|${x + 1} ${y}`;
  if (edge === 2) return `-${x} ${y + 1}`;
  return `|${x} ${y}`;
}

const HALF = 128;

type Edge = 0 | 1 | 2 | 3; // of a cell: top, right, bottom, left
type Corners = readonly [number, number, number, number];

/** By which corners are painted (1 top left, 2 top right, 4 bottom right, 8 bottom left): the lines through the cell. */
const LINES: readonly (readonly (readonly [Edge, Edge])[])[] = [
  [],
  [[3, 0]],
  [[0, 1]],
  [[3, 1]],
  [[1, 2]],
  [
    [3, 0],
    [1, 2],
  ],
  [[0, 2]],
  [[3, 2]],
  [[2, 3]],
  [[2, 0]],
  [
    [0, 1],
    [2, 3],
  ],
  [[2, 1]],
  [[1, 3]],
  [[1, 0]],
  [[0, 3]],
  [],
];

/** Where half-painted crosses an edge of the cell; values stand in the middle of their pixels. */
function crossing(edge: Edge, corners: Corners, x: number, y: number): [number, number] {
  const one = corners[edge];
  const other = corners[((edge + 1) % 4) as Edge];
  const share = one === other ? 0.5 : (HALF - one) / (other - one);
  const [left, top] = [x + 0.5, y + 0.5];
  if (edge === 0) return [left + share, top];
  if (edge === 1) return [left + 1, top + share];
  if (edge === 2) return [left + 1 - share, top + 1];
  return [left, top + 1 - share];
}
