import { type RefObject, useEffect } from "react";
import styles from "./tray.module.css";

/**
 * Keeps what the pointer is over in its place on the screen, when something above it comes or goes: a click is to meet
 * what it was meant for.
 */
export function useHeldInPlace(content: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const box = content.current;
    const scroller = box?.closest<HTMLElement>("[role=tabpanel]");
    if (!box || !scroller) return;
    let held: Element | null = null;
    let place = 0; // pixels from the top of all that can be scrolled to
    const placeOf = (element: Element) => element.getBoundingClientRect().top + scroller.scrollTop;
    function hold({ target }: PointerEvent) {
      if (!scroller || !(target instanceof Element) || target.closest(`.${styles.held}`)) return leave();
      held = target;
      place = placeOf(target);
      scroller.style.overflowAnchor = "none"; // or the browser would hold on to something else meanwhile
    }
    function leave() {
      held = null;
      scroller?.style.removeProperty("overflow-anchor");
    }
    const observer = new ResizeObserver(() => {
      if (!held?.isConnected) return;
      const now = placeOf(held);
      scroller.scrollTop += now - place;
      place = now;
    });
    observer.observe(box);
    box.addEventListener("pointermove", hold);
    box.addEventListener("pointerdown", hold);
    box.addEventListener("pointerleave", leave);
    return () => {
      observer.disconnect();
      box.removeEventListener("pointermove", hold);
      box.removeEventListener("pointerdown", hold);
      box.removeEventListener("pointerleave", leave);
      leave();
    };
  }, [content]);
}
