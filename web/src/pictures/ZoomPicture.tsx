import { type ReactNode, useLayoutEffect, useRef } from "react";
import { classes, usePlace, useSize, useWheelZoom } from "@/ui";
import styles from "./big.module.css";
import { FITTING, fitted, kept, type Look, type Point, type Size, trueScale, zoomed } from "./zoom";

const LARGEST = 4; // times its pixels, for a small picture that is fitted in
const SWIPE = 60; // pixels

interface ZoomPictureProps {
  picture: Size;
  look: Look;
  onLook: (change: (look: Look) => Look) => void;
  /** Draws the picture, or several, at this size. */
  children: (shown: Size, look: Look) => ReactNode;
  /** Told of a swipe over a picture that is fitted in. */
  onSwipe?: (step: 1 | -1) => void;
  className?: string;
}

/** A frame in which pictures are made larger by wheel, pinch and double click, and moved by dragging. */
export function ZoomPicture({ picture, look, onLook, children, onSwipe, className }: ZoomPictureProps) {
  const frame = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  const shown = fitted(picture, size, LARGEST);
  const place = usePlace(frame);
  const by = ({ x, y }: Point, factor: number) => {
    const point = { x: x - size.width / 2, y: y - size.height / 2 };
    onLook((before) => zoomed(before, factor, point, shown, size));
  };
  useWheelZoom(frame, by);
  // keys move a picture without knowing its frame, and the frame changes its size
  useLayoutEffect(() => onLook((before) => kept(before, shown, size)));
  const fingers = useRef(new Map<number, Point>());
  const swipe = useRef<Point | null>(null);
  function onPointerDown(event: React.PointerEvent<HTMLDivElement>) {
    if (event.button !== 0) return;
    const at = place(event);
    fingers.current.set(event.pointerId, at);
    // two fingers do not swipe
    swipe.current = fingers.current.size === 1 && event.pointerType !== "mouse" ? at : null;
    if (look.scale > 1 || event.pointerType !== "mouse")
      event.currentTarget.setPointerCapture(event.pointerId);
  }
  function onPointerMove(event: React.PointerEvent<HTMLDivElement>) {
    const before = fingers.current.get(event.pointerId);
    if (!before) return;
    const now = place(event);
    fingers.current.set(event.pointerId, now);
    const other = [...fingers.current].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const apart = (one: Point) => Math.hypot(one.x - other.x, one.y - other.y);
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
      by(middle, apart(now) / Math.max(1, apart(before)));
    } else {
      onLook((old) =>
        kept({ ...old, x: old.x + now.x - before.x, y: old.y + now.y - before.y }, shown, size),
      );
    }
  }
  function onPointerUp(event: React.PointerEvent) {
    const from = swipe.current;
    onPointerGone(event);
    if (!from || look.scale > 1) return;
    const to = place(event);
    const [across, down] = [to.x - from.x, to.y - from.y];
    if (Math.abs(across) > Math.max(SWIPE, Math.abs(down))) onSwipe?.(across > 0 ? -1 : 1);
  }
  function onPointerGone(event: React.PointerEvent) {
    fingers.current.delete(event.pointerId);
    swipe.current = null;
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: buttons and keys beside it do the same
    <div
      ref={frame}
      className={classes(styles.zoom, look.scale > 1 && styles.movable, className)}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerCancel={onPointerGone}
      onDoubleClick={(event) => {
        if (look.scale > 1) onLook(() => FITTING);
        else by(place(event), Math.max(2, trueScale(picture, shown, devicePixelRatio)));
      }}
    >
      {children(shown, look)}
    </div>
  );
}
