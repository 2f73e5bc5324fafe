/** One zoom for all cells: how large, and which part is shown. */

export interface Zoom {
  /** 1 shows whole pictures. */
  readonly scale: number;
  /** By how much the picture is moved, in shares of its side. */
  readonly x: number;
  readonly y: number;
}

export const WHOLE: Zoom = { scale: 1, x: 0, y: 0 };
const MOST = 16;

/**
 * Larger or smaller, so that what is under a point stays under it.
 *
 * The point is given in shares of the cell, from its middle: -0.5 to 0.5.
 */
export function zoomed({ scale, x, y }: Zoom, times: number, at: readonly [number, number] = [0, 0]): Zoom {
  const next = Math.min(MOST, Math.max(1, scale * times));
  return within({
    scale: next,
    x: x + at[0] / next - at[0] / scale,
    y: y + at[1] / next - at[1] / scale,
  });
}

/** Moved by shares of the cell. */
export function moved(zoom: Zoom, right: number, down: number): Zoom {
  return within({ ...zoom, x: zoom.x + right / zoom.scale, y: zoom.y + down / zoom.scale });
}

/** No further than to the picture's edges. */
function within({ scale, x, y }: Zoom): Zoom {
  if (scale === 1) return WHOLE;
  const most = (1 - 1 / scale) / 2;
  const limited = (value: number) => Math.min(most, Math.max(-most, value));
  return { scale, x: limited(x), y: limited(y) };
}
