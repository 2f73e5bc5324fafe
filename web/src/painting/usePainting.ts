import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Size } from "./geometry";
import { adjusted, begun, changed, type History, redone, undone } from "./history";
import { blank, kept, resumed } from "./layers";
import type { Raster } from "./raster";
import type { Painting, PaintingState } from "./types";

const TOLD_AFTER = 400; // ms

export interface PaintingWork {
  painting: Painting;
  canUndo: boolean;
  canRedo: boolean;
  /** Those that follow each other with the same `joint` are one step of undo. */
  change: (act: (painting: Painting) => Painting, joint?: string) => void;
  /** Without a step of undo. */
  adjust: (act: (painting: Painting) => Painting) => void;
  undo: () => void;
  redo: () => void;
  /** The layers as pixels, by id. */
  rasters: ReadonlyMap<number, Raster>;
  join: (id: number, raster: Raster | null) => void;
  state: () => PaintingState;
}

/** What is painted, with its undo. */
export function usePainting(
  size: Size,
  first: { state?: PaintingState | null; mask?: string },
  onChange?: (state: PaintingState) => void,
): PaintingWork {
  const [history, setHistory] = useState<History<Painting>>(() =>
    begun(resumed(first.state, size) ?? blank(first.mask)),
  );
  const rasters = useRef(new Map<number, Raster>());
  const { present } = history;
  const current = useRef(present);
  current.current = present;
  const told = useRef(present);
  const tell = useRef(onChange);
  tell.current = onChange;
  const { width, height } = size;

  useEffect(() => {
    if (present === told.current) return;
    const timer = setTimeout(() => {
      told.current = present;
      tell.current?.(kept(present, { width, height }));
    }, TOLD_AFTER);
    return () => clearTimeout(timer);
  }, [present, width, height]);

  const change = useCallback<PaintingWork["change"]>(
    (act, joint) => setHistory((held) => changed(held, act(held.present), joint)),
    [],
  );
  const adjust = useCallback<PaintingWork["adjust"]>(
    (act) => setHistory((held) => adjusted(held, act(held.present))),
    [],
  );
  const undo = useCallback(() => setHistory(undone), []);
  const redo = useCallback(() => setHistory(redone), []);
  const join = useCallback((id: number, raster: Raster | null) => {
    if (raster) rasters.current.set(id, raster);
    else rasters.current.delete(id);
  }, []);
  const state = useCallback(() => kept(current.current, { width, height }), [width, height]);
  return useMemo(
    () => ({
      painting: present,
      canUndo: history.past.length > 0,
      canRedo: history.future.length > 0,
      change,
      adjust,
      undo,
      redo,
      rasters: rasters.current,
      join,
      state,
    }),
    [present, history, change, adjust, undo, redo, join, state],
  );
}
