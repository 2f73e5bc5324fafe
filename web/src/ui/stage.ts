import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

const WHEEL = 0.0016; // of zoom for each pixel of the wheel
const LINE = 16; // pixels, for wheels that tell lines
const PINCH = 6; // times as much, as a touchpad tells fingers that part as a wheel with Ctrl

type Ref = RefObject<HTMLElement | null>;
type Place = { x: number; y: number };

/** Tells where on an element something of the window is, from its upper left corner. */
export function usePlace(element: Ref): (at: { clientX: number; clientY: number }) => Place {
  return useCallback(
    ({ clientX, clientY }) => {
      const box = element.current?.getBoundingClientRect();
      return { x: clientX - (box?.left ?? 0), y: clientY - (box?.top ?? 0) };
    },
    [element],
  );
}

/** Tells of the wheel over an element: where it is, and how many times larger that makes things. */
export function useWheelZoom(element: Ref, onZoom: (at: Place, factor: number) => void): void {
  const place = usePlace(element);
  const latest = useRef(onZoom);
  latest.current = onZoom;
  useEffect(() => {
    const box = element.current;
    function onWheel(event: WheelEvent) {
      event.preventDefault(); // React's own wheel events could not keep the page from scrolling
      const pixels = event.deltaY * (event.deltaMode === 1 ? LINE : 1) * (event.ctrlKey ? PINCH : 1);
      latest.current(place(event), Math.exp(-pixels * WHEEL));
    }
    box?.addEventListener("wheel", onWheel, { passive: false });
    return () => box?.removeEventListener("wheel", onWheel);
  }, [element, place]);
}

/** The size of an element, without its border; 0 until it is measured. */
export function useSize(element: Ref): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const box = element.current;
    if (!box) return;
    const measure = () =>
      setSize((before) =>
        before.width === box.clientWidth && before.height === box.clientHeight
          ? before
          : { width: box.clientWidth, height: box.clientHeight },
      );
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
