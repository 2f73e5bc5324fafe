import { memo, useLayoutEffect, useRef } from "react";
import type { Size } from "./geometry";
import { Raster } from "./raster";
import type { Layer } from "./types";

/** A layer of the mask as pixels; only what changes is painted. */
export const LayerCanvas = memo(function LayerCanvas({
  layer,
  size,
  given,
  join,
}: {
  layer: Layer;
  size: Size;
  given: ReadonlyMap<string, CanvasImageSource>;
  join: (id: number, raster: Raster | null) => void;
}) {
  const ref = useRef<HTMLCanvasElement>(null);
  const raster = useRef<Raster | null>(null);
  const { id, marks, visible, opacity } = layer;
  const { width, height } = size;
  useLayoutEffect(() => {
    if (!ref.current) return;
    raster.current = new Raster(ref.current, { width, height }, (url) => given.get(url) ?? null);
    join(id, raster.current);
    return () => join(id, null);
  }, [id, width, height, given, join]);
  useLayoutEffect(() => raster.current?.follow(marks), [marks]);
  return <canvas ref={ref} hidden={!visible} style={{ opacity }} />;
});
