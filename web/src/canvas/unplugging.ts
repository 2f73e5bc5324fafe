/** Taking a wire by its end at an input, to put it elsewhere or to let it go. */

import type { MouseEvent as ReactMouseEvent, TouchEvent as ReactTouchEvent } from "react";
import { spotOf } from "./geometry";
import { wiresAt } from "./LinkList";

/** Where a wire ends in a socket, a drag from there takes that wire instead of drawing a new one. */
export function takeWire(event: ReactMouseEvent | ReactTouchEvent, node: string, spot: string): void {
  const at = "touches" in event ? event.touches[0] : event;
  if (!at || ("button" in event && event.button !== 0)) return;
  const [wire] = wiresAt({ node, end: spotOf(spot) });
  const anchor =
    wire === undefined
      ? null
      : document.querySelector(
          `.react-flow__edge[data-id="w:${CSS.escape(wire)}"] .react-flow__edgeupdater-target`,
        );
  if (!anchor) return;
  event.stopPropagation();
  if (event.type === "mousedown") event.preventDefault(); // of a touch the browser does not wait for an answer
  const { clientX, clientY } = at;
  anchor.dispatchEvent(
    new MouseEvent("mousedown", { bubbles: true, clientX, clientY, button: 0, buttons: 1 }),
  );
}
