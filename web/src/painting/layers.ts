import type { Size } from "./geometry";
import { NO_SIDES } from "./outpaint";
import type { Layer, Mark, Painting, PaintingState } from "./types";

export const MOST_LAYERS = 8;
const USUAL_FEATHER = 8;

/** What is begun with: one layer, with the mask that there was. */
export function blank(mask?: string): Painting {
  const marks: Mark[] = mask ? [{ kind: "given", url: mask }] : [];
  return {
    layers: [{ id: 1, visible: true, opacity: 1, marks }],
    active: 1,
    feather: USUAL_FEATHER,
    outpaint: NO_SIDES,
  };
}

export function activeLayer(painting: Painting): Layer | undefined {
  return painting.layers.find(({ id }) => id === painting.active);
}

export function withMark(painting: Painting, mark: Mark): Painting {
  const layer = activeLayer(painting);
  return layer ? withLayer(painting, layer.id, { marks: [...layer.marks, mark], visible: true }) : painting;
}

export function withLayer(painting: Painting, id: number, change: Partial<Layer>): Painting {
  return {
    ...painting,
    layers: painting.layers.map((layer) => (layer.id === id ? { ...layer, ...change } : layer)),
  };
}

/** A new layer over the active one, which is painted on next. */
export function layerAdded(painting: Painting): Painting {
  if (painting.layers.length >= MOST_LAYERS) return painting;
  const id = Math.max(0, ...painting.layers.map((layer) => layer.id)) + 1;
  const at = painting.layers.findIndex((layer) => layer.id === painting.active) + 1;
  return {
    ...painting,
    layers: painting.layers.toSpliced(at, 0, { id, visible: true, opacity: 1, marks: [] }),
    active: id,
  };
}

/** The last layer is emptied instead. */
export function layerRemoved(painting: Painting, id: number): Painting {
  const at = painting.layers.findIndex((layer) => layer.id === id);
  if (at < 0) return painting;
  if (painting.layers.length === 1) return withLayer(painting, id, { marks: [] });
  const layers = painting.layers.toSpliced(at, 1);
  const next = layers[Math.max(0, at - 1)];
  return { ...painting, layers, active: painting.active === id && next ? next.id : painting.active };
}

/** Up is toward the one that looks on. */
export function layerMoved(painting: Painting, id: number, by: 1 | -1): Painting {
  const at = painting.layers.findIndex((layer) => layer.id === id);
  const layer = painting.layers[at];
  const to = at + by;
  if (!layer || to < 0 || to >= painting.layers.length) return painting;
  return { ...painting, layers: painting.layers.toSpliced(at, 1).toSpliced(to, 0, layer) };
}

/** To keep; without the marks that a later one has cleared away. */
export function kept(painting: Painting, { width, height }: Size): PaintingState {
  const layers = painting.layers.map((layer) => ({
    ...layer,
    marks: layer.marks.slice(layer.marks.findLastIndex(({ kind }) => kind === "clear") + 1),
  }));
  return { version: 1, width, height, ...painting, layers };
}

/** What was kept, if it is of a picture of this size. */
export function resumed(state: PaintingState | null | undefined, { width, height }: Size): Painting | null {
  if (state?.version !== 1 || state.width !== width || state.height !== height) return null;
  const { layers, active, feather, outpaint } = state;
  return Array.isArray(layers) && layers.length > 0 ? { layers, active, feather, outpaint } : null;
}
