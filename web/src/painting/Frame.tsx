import { type PointerEvent, useRef } from "react";
import { useTexts } from "@/texts/texts";
import { type Size, toScreen, type View } from "./geometry";
import { isWidened, type Side, wholeSize, widened } from "./outpaint";
import styles from "./painting.module.css";
import type { Sides } from "./types";

const SIDES: readonly Side[] = ["left", "top", "right", "bottom"];

/** The edges of the picture, which are drawn outward to go on painting past them. */
export function Frame({
  view,
  size,
  sides,
  onChange,
  isOffered,
}: {
  view: View;
  size: Size;
  sides: Sides;
  /** With a name for each drag. */
  onChange: (sides: Sides, drag: string) => void;
  isOffered: boolean;
}) {
  const t = useTexts("painting");
  const pull = useRef<{ from: number; pixels: number; name: string } | null>(null);
  const { x, y } = toScreen(view, { x: -sides.left, y: -sides.top });
  const whole = wholeSize(size, sides);
  const along = (event: PointerEvent, side: Side) =>
    side === "left" || side === "right" ? event.clientX : event.clientY;

  function onPointerMove(event: PointerEvent, side: Side) {
    const now = pull.current;
    if (!now) return;
    const outward = side === "left" || side === "top" ? -1 : 1;
    const pixels = now.pixels + ((along(event, side) - now.from) * outward) / view.scale;
    const next = widened(sides, side, pixels, size);
    if (next[side] === sides[side]) return;
    onChange(next, now.name);
  }

  return (
    <div
      className={styles.frame}
      data-wide={isWidened(sides) || undefined}
      style={{
        transform: `translate(${x}px, ${y}px)`,
        width: whole.width * view.scale,
        height: whole.height * view.scale,
      }}
    >
      {isOffered &&
        SIDES.map((side) => (
          <div
            key={side}
            className={styles.handle}
            data-side={side}
            title={t("drag outward")}
            onPointerDown={(event) => {
              event.stopPropagation();
              event.currentTarget.setPointerCapture(event.pointerId);
              pull.current = {
                from: along(event, side),
                pixels: sides[side],
                name: `${side} ${event.timeStamp}`,
              };
            }}
            onPointerMove={(event) => onPointerMove(event, side)}
            onPointerUp={() => {
              pull.current = null;
            }}
            onPointerCancel={() => {
              pull.current = null;
            }}
          />
        ))}
    </div>
  );
}
