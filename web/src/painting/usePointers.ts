import { type PointerEvent, type RefObject, useRef } from "react";
import { usePlace, useWheelZoom } from "@/ui";
import { useBrush } from "./brush";
import { type Point, pinched, toPicture, type View, zoomed } from "./geometry";
import type { Drawing } from "./useDrawing";

/** Mouse, pen and fingers on the stage: one paints, two (or the space bar, or the middle button) move the picture. */
export function usePointers(
  stage: RefObject<HTMLElement | null>,
  view: View,
  setView: (act: (view: View) => View) => void,
  drawing: Drawing,
  { isMoving, onPoint }: { isMoving: () => boolean; onPoint: (at: Point) => void },
) {
  const down = useRef(new Map<number, Point>());
  const doing = useRef<"draw" | "pan" | "pinch" | null>(null);
  const hasPen = useRef(false);

  const place = usePlace(stage);
  useWheelZoom(stage, (at, factor) => setView((held) => zoomed(held, at, factor)));

  function onPointerDown(event: PointerEvent) {
    const at = place(event);
    stage.current?.focus({ preventScroll: true });
    stage.current?.setPointerCapture(event.pointerId);
    event.preventDefault();
    down.current.set(event.pointerId, at);
    if (event.pointerType === "pen") hasPen.current = true;
    const isTouch = event.pointerType === "touch";
    if (isTouch && down.current.size === 2) {
      if (doing.current === "draw") drawing.cancel();
      doing.current = "pinch";
      return;
    }
    if (doing.current !== null) return;
    const isPan =
      event.button === 1 || isMoving() || useBrush.getState().tool === "hand" || (isTouch && hasPen.current);
    doing.current = isPan ? "pan" : "draw";
    if (isPan) return;
    drawing.begin(toPicture(view, at), {
      pressure: pressureOf(event),
      scale: view.scale,
      takesAway: event.altKey || event.button === 2,
    });
  }

  function onPointerMove(event: PointerEvent) {
    const at = place(event);
    onPoint(at);
    const before = down.current.get(event.pointerId);
    if (before) down.current.set(event.pointerId, at);
    if (doing.current === "pan" && before) {
      setView((held) => ({ ...held, x: held.x + at.x - before.x, y: held.y + at.y - before.y }));
    } else if (doing.current === "pinch" && before) {
      const other = [...down.current].find(([id]) => id !== event.pointerId)?.[1];
      if (other) setView((held) => pinched(held, [before, other], [at, other]));
    } else if (drawing.isDoing() && (doing.current === "draw" || event.buttons === 0)) {
      const events = event.nativeEvent.getCoalescedEvents?.() ?? [];
      for (const each of events.length ? events : [event.nativeEvent])
        drawing.move(toPicture(view, place(each)), { pressure: pressureOf(each), scale: view.scale });
    }
  }

  function onPointerUp(event: PointerEvent) {
    if (!down.current.delete(event.pointerId)) return;
    if (doing.current === "draw") drawing.end();
    if (doing.current !== "pinch" || down.current.size === 0) doing.current = null;
  }

  function onPointerCancel(event: PointerEvent) {
    down.current.delete(event.pointerId);
    if (doing.current === "draw") drawing.cancel();
    if (down.current.size === 0) doing.current = null;
  }

  return { onPointerDown, onPointerMove, onPointerUp, onPointerCancel };
}

function pressureOf({ pointerType, pressure }: { pointerType: string; pressure: number }): number {
  return pointerType === "pen" ? pressure : 1;
}
