/** Pixels added around a picture. */
export interface Sides {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** One thing done to a layer, in pixels of the picture. Replaying them in order paints the layer. */
export type Mark =
  /** `points` are x, y and pressure, one after the other. */
  | { kind: "stroke"; erase: boolean; size: number; hardness: number; points: readonly number[] }
  /** What an outline encloses; `points` are x and y. */
  | { kind: "area"; erase: boolean; points: readonly number[] }
  /** What the paint around a place encloses. */
  | { kind: "fill"; erase: boolean; x: number; y: number }
  | { kind: "invert" }
  | { kind: "clear" }
  /** A mask made before. */
  | { kind: "given"; url: string };

export interface Layer {
  id: number;
  visible: boolean;
  /** Of its view; what is repainted does not depend on it. */
  opacity: number;
  marks: readonly Mark[];
}

/** All that can be undone. The first layer is the lowest. */
export interface Painting {
  layers: readonly Layer[];
  /** The layer that is painted on. */
  active: number;
  feather: number;
  outpaint: Sides;
}

/** Where a person has got to, as plain JSON, so that it can be kept: give it back as `state` to go on. */
export interface PaintingState extends Painting {
  version: 1;
  width: number;
  height: number;
}

export interface Painted {
  /** A PNG of the picture's size, white is repainted; null where nothing was painted. Its edges are not yet softened. */
  mask: Blob | null;
  /** Over how many pixels the edge is softened; the server does it (`mask_feather`), or `feathered` here. */
  feather: number;
  /** Null where nothing is added. */
  outpaint: Sides | null;
  state: PaintingState;
}

export interface MaskEditorProps {
  /** URL of the picture, of this site. */
  image: string;
  /** Of the picture in pixels. */
  width: number;
  height: number;
  /** URL of a mask to begin with, white is repainted; left aside where there is a state. It stays part of the state. */
  mask?: string;
  /** What `onDone`, `onClose` or `onChange` gave last time; left aside if it is of a picture of another size. */
  state?: PaintingState | null;
  /** Whether the picture may be made larger. */
  outpaint?: boolean;
  title?: string;
  onDone: (result: Painted) => void;
  /** Closed without taking the mask. */
  onClose: (state: PaintingState) => void;
  /** Told a moment after each change, for those who keep the work through a reload. */
  onChange?: (state: PaintingState) => void;
}
