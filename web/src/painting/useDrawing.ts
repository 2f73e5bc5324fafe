import { useCallback, useMemo, useRef, useState } from "react";
import { type Brush, useBrush } from "./brush";
import { distance, type Point } from "./geometry";
import { withMark } from "./layers";
import { corners, isNews, rounded } from "./strokes";
import type { Mark } from "./types";
import type { PaintingWork } from "./usePainting";

const CLOSE = 12; // screen pixels from the first corner of a polygon, at which it is closed

type Stroke = Mark & { kind: "stroke"; points: number[] };
type Doing =
  | { kind: "stroke"; mark: Stroke }
  | { kind: "lasso"; erase: boolean; points: number[] }
  | { kind: "rectangle"; erase: boolean; from: Point; to: Point }
  | { kind: "polygon"; erase: boolean; points: number[] };

export interface Drawing {
  /** The outline being drawn, x and y; null where none is. */
  draft: readonly number[] | null;
  isDoing: () => boolean;
  begin: (at: Point, how: { pressure: number; scale: number; takesAway: boolean }) => void;
  move: (at: Point, how: { pressure: number; scale: number }) => void;
  end: () => void;
  /** Close a polygon. */
  close: () => void;
  /** Leave off what is being drawn. False where nothing is. */
  cancel: () => boolean;
}

/** What the tools do between going down and up, the same for mouse, pen, finger and keys. Places are of the picture. */
export function useDrawing(work: PaintingWork): Drawing {
  const doing = useRef<Doing | null>(null);
  const [draft, setDraft] = useState<readonly number[] | null>(null);
  const latest = useRef(work);
  latest.current = work;

  const raster = useCallback(() => latest.current.rasters.get(latest.current.painting.active), []);
  const commit = useCallback((mark: Mark) => {
    doing.current = null;
    setDraft(null);
    latest.current.change((painting) => withMark(painting, mark));
  }, []);
  const enclose = useCallback(
    (points: readonly number[], erase: boolean) => {
      if (points.length >= 6) return commit({ kind: "area", erase, points });
      doing.current = null;
      setDraft(null);
    },
    [commit],
  );

  const close = useCallback(() => {
    const now = doing.current;
    if (now?.kind === "polygon") enclose(now.points, now.erase);
  }, [enclose]);

  const begin = useCallback<Drawing["begin"]>(
    ({ x, y }, { pressure, scale, takesAway }) => {
      const brush: Brush = useBrush.getState();
      const erase = brush.tool === "eraser" || brush.takesAway !== takesAway;
      const place = [rounded(x), rounded(y)];
      if (brush.tool === "brush" || brush.tool === "eraser") {
        const mark: Stroke = {
          kind: "stroke",
          erase: brush.tool === "eraser" || takesAway,
          size: brush.size,
          hardness: brush.hardness,
          points: [...place, pressure],
        };
        doing.current = { kind: "stroke", mark };
        raster()?.preview(mark);
      } else if (brush.tool === "lasso") {
        doing.current = { kind: "lasso", erase, points: place };
        setDraft(place);
      } else if (brush.tool === "rectangle") {
        doing.current = { kind: "rectangle", erase, from: { x, y }, to: { x, y } };
      } else if (brush.tool === "fill") {
        commit({ kind: "fill", erase, x: Math.floor(x), y: Math.floor(y) });
      } else if (brush.tool === "polygon") {
        const before = doing.current?.kind === "polygon" ? doing.current : null;
        const [firstX, firstY] = before?.points ?? [];
        const isClosing =
          firstX !== undefined &&
          firstY !== undefined &&
          distance({ x, y }, { x: firstX, y: firstY }) * scale < CLOSE;
        if (before && isClosing) return enclose(before.points, before.erase);
        const points = [...(before?.points ?? []), ...place];
        doing.current = { kind: "polygon", erase: before?.erase ?? erase, points };
        setDraft(points);
      }
    },
    [raster, commit, enclose],
  );

  const move = useCallback<Drawing["move"]>(
    ({ x, y }, { pressure, scale }) => {
      const now = doing.current;
      if (now?.kind === "stroke") {
        if (!isNews(now.mark.points, x, y, 0.75 / scale)) return;
        now.mark.points.push(rounded(x), rounded(y), Math.round(pressure * 100) / 100);
        raster()?.preview(now.mark);
      } else if (now?.kind === "lasso") {
        const [lastX = 0, lastY = 0] = now.points.slice(-2);
        if (distance({ x, y }, { x: lastX, y: lastY }) * scale < 2) return;
        now.points.push(rounded(x), rounded(y));
        setDraft([...now.points]);
      } else if (now?.kind === "rectangle") {
        now.to = { x, y };
        setDraft(corners(now.from, now.to));
      } else if (now?.kind === "polygon") setDraft([...now.points, rounded(x), rounded(y)]);
    },
    [raster],
  );

  const end = useCallback(() => {
    const now = doing.current;
    if (now?.kind === "stroke") commit({ ...now.mark });
    else if (now?.kind === "lasso") enclose(now.points, now.erase);
    else if (now?.kind === "rectangle") {
      const isSpread = Math.abs(now.to.x - now.from.x) >= 1 && Math.abs(now.to.y - now.from.y) >= 1;
      enclose(isSpread ? corners(now.from, now.to) : [], now.erase);
    }
  }, [commit, enclose]);

  const cancel = useCallback(() => {
    const was = doing.current !== null;
    doing.current = null;
    setDraft(null);
    raster()?.stop();
    return was;
  }, [raster]);

  const isDoing = useCallback(() => doing.current !== null, []);
  return useMemo(
    () => ({ draft, isDoing, begin, move, end, close, cancel }),
    [draft, isDoing, begin, move, end, close, cancel],
  );
}
