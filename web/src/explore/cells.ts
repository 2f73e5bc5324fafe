/** The cells of a grid, in the order in which they are run. */

import type { Json } from "@/graph/json";
import type { Value } from "./axes";
import type { Change, Setting } from "./workflow";

/** One direction of a grid that was asked for: columns, then rows, then pages. */
export interface Line {
  readonly node: string;
  readonly input: string;
  /** What is varied, in words. */
  readonly name: string;
  readonly values: readonly Value[];
  /** Another input of the node that goes with it. */
  readonly also?: string;
}

export interface Cell {
  /** Column, row and page, such as `2,0,1`. */
  readonly key: string;
  readonly changes: readonly Change[];
}

export type Place = readonly [column: number, row: number, page: number];

export const MOST_CELLS = 1000;
const SLOW = new Set(["checkpoints", "diffusion_models", "text_encoders", "vae", "clip_vision", "diffusers"]);

export function keyOf([column, row, page]: Place): string {
  return `${column},${row},${page}`;
}

/** How many columns, rows and pages there are; at least one of each. */
export function sizeOf(lines: readonly { readonly values: readonly unknown[] }[]): Place {
  const count = (line: number) => lines[line]?.values.length ?? 1;
  return [count(0), count(1), count(2)];
}

/** How long it takes to change a setting: a checkpoint is read from the disk, a prompt is encoded anew. */
export function costOf(setting: Setting): number {
  const folder = setting.spec?.folder ?? "";
  if (SLOW.has(folder)) return 3;
  if (folder && folder !== "input") return 2;
  return setting.kind === "text" ? 1 : 0;
}

/**
 * All cells, so that what is slow to change changes least; else row by row.
 *
 * `costs` are those of the lines; `fixed` comes before the changes of each cell.
 */
export function cellsOf(
  lines: readonly Line[],
  costs: readonly number[] = [],
  fixed: readonly Change[] = [],
): readonly Cell[] {
  const size = sizeOf(lines);
  const slowFirst = ([2, 1, 0] as const).toSorted((one, other) => (costs[other] ?? 0) - (costs[one] ?? 0));
  const [outer, middle, inner] = slowFirst;
  if (outer === undefined || middle === undefined || inner === undefined) return [];
  const cells: Cell[] = [];
  const at: [number, number, number] = [0, 0, 0];
  for (at[outer] = 0; at[outer] < size[outer]; at[outer]++)
    for (at[middle] = 0; at[middle] < size[middle]; at[middle]++)
      for (at[inner] = 0; at[inner] < size[inner]; at[inner]++)
        cells.push({ key: keyOf(at), changes: [...fixed, ...changesAt(lines, at)] });
  return cells;
}

/** What is changed at a place of the grid. */
export function changesAt(lines: readonly Line[], at: Place): readonly Change[] {
  return lines.flatMap(({ node, input, values, also }, line) => {
    const value = values[at[line as 0 | 1 | 2]]?.value as Json;
    const change = { node, input, value };
    return also ? [change, { ...change, input: also }] : [change];
  });
}

/** The place beside another, within the grid; the same where there is none. */
export function neighbour(at: Place, key: string, size: Place): Place {
  const steps: Record<string, Place> = {
    ArrowRight: [1, 0, 0],
    ArrowLeft: [-1, 0, 0],
    ArrowDown: [0, 1, 0],
    ArrowUp: [0, -1, 0],
    PageDown: [0, 0, 1],
    PageUp: [0, 0, -1],
  };
  const step = steps[key];
  if (!step) return at;
  const within = (line: 0 | 1 | 2) => Math.min(size[line] - 1, Math.max(0, at[line] + step[line]));
  return [within(0), within(1), within(2)];
}
