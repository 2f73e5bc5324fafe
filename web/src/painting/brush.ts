import { create } from "zustand";
import { within } from "./geometry";

export type Tool = "brush" | "eraser" | "lasso" | "polygon" | "rectangle" | "fill" | "hand";

export interface Brush {
  tool: Tool;
  /** Width in pixels of the picture. */
  size: number;
  /** 0 to 1: the share of it that is painted in full. */
  hardness: number;
  /** Whether outlines and fills take paint away. */
  takesAway: boolean;
}

export const LARGEST_BRUSH = 512;

/** What is painted with; the same one the next time that something is painted. */
export const useBrush = create<Brush>(() => ({ tool: "brush", size: 48, hardness: 1, takesAway: false }));

export function take(change: Partial<Brush>): void {
  useBrush.setState(change);
}

/** Wider or narrower by about a sixth. */
export function resize(direction: 1 | -1): void {
  const { size } = useBrush.getState();
  const next = Math.round(size * (direction > 0 ? 1.18 : 1 / 1.18));
  take({ size: within(next === size ? size + direction : next, 1, LARGEST_BRUSH) });
}

export function harden(direction: 1 | -1): void {
  const { hardness } = useBrush.getState();
  take({ hardness: within(Math.round((hardness + direction / 10) * 10) / 10, 0, 1) });
}
