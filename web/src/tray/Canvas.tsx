import { useEffect, useRef } from "react";
import type { Pixels } from "./colours";

/** A small picture that is drawn from numbers; it takes the size that its class gives it. */
export function Canvas({
  pixels,
  label,
  className,
  style,
}: {
  pixels: Pixels | null;
  /** What it shows; without one it is for the eye alone. */
  label?: string;
  className?: string | undefined;
  style?: React.CSSProperties;
}) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const canvas = ref.current;
    if (!canvas || !pixels) return;
    canvas.width = pixels.width;
    canvas.height = pixels.height;
    canvas.getContext("2d")?.putImageData(new ImageData(pixels.data, pixels.width), 0, 0);
  }, [pixels]);
  return (
    <canvas
      ref={ref}
      className={className}
      style={style}
      {...(label ? { role: "img", "aria-label": label } : { "aria-hidden": true })}
    />
  );
}
