import { type CSSProperties, type RefObject, useEffect, useId, useRef, useState } from "react";
import { useTexts } from "@/texts/texts";
import { classes } from "@/ui";
import { useBrush } from "./brush";
import { Frame } from "./Frame";
import { deviation } from "./feather";
import { type Point, type Size, toPicture, toScreen, type View } from "./geometry";
import { LayerCanvas } from "./LayerCanvas";
import { isWidened } from "./outpaint";
import styles from "./painting.module.css";
import { outlineOf, type Raster } from "./raster";
import type { Drawing } from "./useDrawing";
import type { Keys } from "./useKeys";
import type { PaintingWork } from "./usePainting";
import { usePointers } from "./usePointers";

const OUTLINED_AFTER = 80; // ms
const CALM_AFTER = 250; // ms
const LARGE = 1_500_000; // pixels, from which on the edge is soft only while nothing moves

/** The picture with the mask over it. */
export function Stage({
  image,
  size,
  given,
  work,
  drawing,
  keys,
  view,
  setView,
  stage,
  cross,
  outpaint,
}: {
  image: string;
  size: Size;
  given: ReadonlyMap<string, CanvasImageSource>;
  work: PaintingWork;
  drawing: Drawing;
  keys: Keys;
  view: View;
  setView: (act: (view: View) => View) => void;
  stage: RefObject<HTMLDivElement | null>;
  /** Where keys paint, in pixels of the picture; null while the pointer leads. */
  cross: Point | null;
  outpaint: boolean;
}) {
  const t = useTexts("painting");
  const help = useId();
  const cursor = useRef<HTMLDivElement>(null);
  const tool = useBrush((brush) => brush.tool);
  const width = useBrush((brush) => brush.size);
  const { painting } = work;
  const isRound = tool === "brush" || tool === "eraser";
  const path = useOutline(work, size);
  const pointers = usePointers(stage, view, setView, drawing, {
    isMoving: keys.isMoving,
    onPoint(at) {
      if (cursor.current) cursor.current.style.transform = `translate(${at.x}px, ${at.y}px)`;
      keys.pointed(toPicture(view, at));
    },
  });
  useEffect(() => {
    if (!cross || !cursor.current) return;
    const at = toScreen(view, cross);
    cursor.current.style.transform = `translate(${at.x}px, ${at.y}px)`;
  }, [cross, view]);

  const across = isRound ? Math.max(4, width * view.scale) : 0;
  const sheet = {
    width: size.width,
    height: size.height,
    transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})`,
  };
  const soft = painting.feather > 0 ? `blur(${deviation(painting.feather)}px)` : "none";
  useMoving(stage, size);
  return (
    <div
      ref={stage}
      className={styles.stage}
      data-stage
      data-tool={tool}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it is painted on by keys
      tabIndex={0}
      role="application"
      aria-label={t("stage")}
      aria-describedby={help}
      onContextMenu={(event) => event.preventDefault()}
      onDoubleClick={drawing.close}
      {...pointers}
    >
      <p id={help} className="sr-only">
        {t("keys about")}
      </p>
      {outpaint && isWidened(painting.outpaint) && (
        <Frame view={view} size={size} sides={painting.outpaint} onChange={() => {}} isOffered={false} />
      )}
      <div className={styles.sheet} style={sheet}>
        <img
          src={image}
          alt=""
          draggable={false}
          className={classes(styles.picture, view.scale > 4 && styles.pixels)}
        />
        <div className={styles.veil} style={{ "--soft": soft } as CSSProperties}>
          {painting.layers.map((layer) => (
            <LayerCanvas key={layer.id} layer={layer} size={size} given={given} join={work.join} />
          ))}
        </div>
        <svg className={styles.lines} viewBox={`0 0 ${size.width} ${size.height}`} aria-hidden>
          <path d={path} className={styles.lineUnder} />
          <path d={path} className={styles.line} />
          {drawing.draft && (
            <>
              <polyline points={drawing.draft.join(" ")} className={styles.lineUnder} />
              <polyline points={drawing.draft.join(" ")} className={styles.draft} />
            </>
          )}
        </svg>
      </div>
      {outpaint && (
        <Frame
          view={view}
          size={size}
          sides={painting.outpaint}
          onChange={(sides, drag) => work.change((held) => ({ ...held, outpaint: sides }), drag)}
          isOffered
        />
      )}
      <div ref={cursor} className={styles.cursor} data-cross={cross !== null || undefined} aria-hidden>
        <span style={{ width: across, height: across }} />
      </div>
    </div>
  );
}

/** Marks the stage of a large picture while it is painted on or moved, so that what is costly can wait. */
function useMoving(stage: RefObject<HTMLDivElement | null>, { width, height }: Size) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const isLarge = width * height > LARGE;
  useEffect(() => {
    const box = stage.current;
    if (!box || !isLarge) return;
    function mark() {
      if (box) box.dataset.moving = "";
      clearTimeout(timer.current);
      timer.current = setTimeout(() => delete box?.dataset.moving, CALM_AFTER);
    }
    function onMove(event: globalThis.PointerEvent) {
      if (event.buttons > 0) mark();
    }
    box.addEventListener("pointermove", onMove);
    box.addEventListener("wheel", mark, { passive: true });
    return () => {
      box.removeEventListener("pointermove", onMove);
      box.removeEventListener("wheel", mark);
      clearTimeout(timer.current);
    };
  }, [stage, isLarge]);
}

/** The edge of what is painted, a moment after it has changed. */
function useOutline({ painting, rasters }: PaintingWork, { width, height }: Size): string {
  const [path, setPath] = useState("");
  const { layers } = painting;
  useEffect(() => {
    const timer = setTimeout(() => {
      const shown = layers
        .filter((layer) => layer.visible)
        .map(({ id }) => rasters.get(id))
        .filter((raster): raster is Raster => raster !== undefined);
      setPath(outlineOf(shown, { width, height }));
    }, OUTLINED_AFTER);
    return () => clearTimeout(timer);
  }, [layers, rasters, width, height]);
  return path;
}
