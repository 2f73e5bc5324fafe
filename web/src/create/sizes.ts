/** Sizes of pictures, by their shape. */

export interface Area {
  readonly width: number;
  readonly height: number;
}

/** Shapes that are offered, from tall to wide: width to height. */
export const SHAPES = ["9:16", "2:3", "3:4", "1:1", "4:3", "3:2", "16:9"] as const;
export type Shape = (typeof SHAPES)[number];

const CELL = 8; // pixels: what every size is a multiple of
const COARSE = 64; // what large ones are, as most checkpoints were trained on such sizes
const LARGE = 512; // pixels of a side, from which on they are coarse

export function isShape(text: unknown): text is Shape {
  return SHAPES.some((shape) => shape === text);
}

export function ratioOf(shape: Shape): number {
  const [wide = 1, high = 1] = shape.split(":").map(Number);
  return wide / high;
}

/** The size of a shape, with about as many pixels as the checkpoint was trained on. */
export function sizeOf(shape: Shape, native: Area): Area {
  const pixels = native.width * native.height;
  const cell = Math.min(native.width, native.height) >= LARGE ? COARSE : CELL;
  const ratio = ratioOf(shape);
  return {
    width: rounded(Math.sqrt(pixels * ratio), cell),
    height: rounded(Math.sqrt(pixels / ratio), cell),
  };
}

/** The shape that a size has, where it is one of those offered. */
export function shapeOf(size: Area, native: Area): Shape | null {
  return (
    SHAPES.find((shape) => {
      const { width, height } = sizeOf(shape, native);
      return width === size.width && height === size.height;
    }) ?? null
  );
}

function rounded(side: number, cell: number): number {
  return Math.max(cell, Math.round(side / cell) * cell);
}
