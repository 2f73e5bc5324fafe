import { type PointerEvent, type RefObject, useRef } from "react";
import { type Point, pinched, type View, zoomed } from "@/painting/geometry";
import { usePlace, useWheelZoom } from "@/ui";

const STILL = 5; // pixels that a pointer may move while it presses

/** Moving about a plane: by dragging, by the wheel, and by two fingers; a press that does not move is told. */
export function useWandering(
  stage: RefObject<HTMLElement | null>,
  setView: (act: (view: View) => View) => void,
  { onPoint, onPress }: { onPoint: (at: Point | null) => void; onPress: (at: Point) => void },
) {
  const down = useRef(new Map<number, Point>());
  const moved = useRef(0);

  const place = usePlace(stage);
  useWheelZoom(stage, (at, factor) => setView((view) => zoomed(view, at, factor)));

  function onPointerDown(event: PointerEvent) {
    if (event.pointerType !== "mouse") event.preventDefault(); // a finger that rests asks for no menu
    if (event.button !== 0) return;
    if (down.current.size === 0) moved.current = 0;
    down.current.set(event.pointerId, place(event));
    event.currentTarget.setPointerCapture(event.pointerId);
  }

  function onPointerMove(event: PointerEvent) {
    const at = place(event);
    const before = down.current.get(event.pointerId);
    if (!before) {
      onPoint(event.pointerType === "touch" ? null : at);
      return;
    }
    down.current.set(event.pointerId, at);
    moved.current += Math.hypot(at.x - before.x, at.y - before.y);
    const other = [...down.current].find(([id]) => id !== event.pointerId)?.[1];
    if (other) setView((view) => pinched(view, [before, other], [at, other]));
    else if (moved.current > STILL)
      setView((view) => ({ ...view, x: view.x + at.x - before.x, y: view.y + at.y - before.y }));
  }

  function onPointerUp(event: PointerEvent) {
    if (!down.current.delete(event.pointerId)) return;
    if (down.current.size === 0 && moved.current <= STILL) onPress(place(event));
  }

  const handlers = {
    onPointerDown,
    onPointerMove,
    onPointerUp,
    onPointerCancel: (event: PointerEvent) => void down.current.delete(event.pointerId),
    onPointerLeave: () => onPoint(null),
  };
  return { place, handlers };
}
