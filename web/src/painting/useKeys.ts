import { type KeyboardEvent, useRef } from "react";
import { harden, resize, type Tool, take, useBrush } from "./brush";
import { type Point, type Size, type View, within } from "./geometry";
import { withMark } from "./layers";
import type { Drawing } from "./useDrawing";
import type { PaintingWork } from "./usePainting";

export const TOOL_KEYS: Record<Tool, string> = {
  brush: "B",
  eraser: "E",
  lasso: "L",
  polygon: "P",
  rectangle: "R",
  fill: "F",
  hand: "H",
};

const ARROWS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const STEP = 10; // screen pixels that an arrow key goes; with Shift one pixel of the picture

export interface Keys {
  onKeyDown: (event: KeyboardEvent) => void;
  onKeyUp: (event: KeyboardEvent) => void;
  /** Whether the space bar is held to move the picture. */
  isMoving: () => boolean;
  /** The pointer is used: the space bar is its helper again, and keys go on from there. */
  pointed: (at: Point) => void;
}

/** Painting and everything else by keys. Arrows move a crosshair, Space or Enter paints there. */
export function useKeys({
  work,
  drawing,
  view,
  size,
  zoom,
  showAll,
  onCross,
}: {
  work: PaintingWork;
  drawing: Drawing;
  view: View;
  size: Size;
  /** To a factor, or to one pixel for each of the screen. */
  zoom: (factor: number | "one") => void;
  showAll: () => void;
  /** Where the crosshair is now, in pixels of the picture; null when the pointer leads. */
  onCross: (at: Point | null) => void;
}): Keys {
  const cross = useRef<Point>({ x: size.width / 2, y: size.height / 2 });
  const byKeys = useRef(true);
  const spaceHeld = useRef(false);
  const how = { pressure: 1, scale: view.scale, takesAway: false };

  function step(event: KeyboardEvent, [x, y]: readonly [number, number]) {
    const far = event.shiftKey ? 1 : STEP / view.scale;
    byKeys.current = true;
    cross.current = {
      x: within(cross.current.x + x * far, 0, size.width),
      y: within(cross.current.y + y * far, 0, size.height),
    };
    onCross(cross.current);
    if (drawing.isDoing()) drawing.move(cross.current, how);
  }

  function press() {
    byKeys.current = true;
    onCross(cross.current);
    drawing.begin(cross.current, how);
  }

  function onStage(event: KeyboardEvent): boolean {
    const arrow = ARROWS[event.key];
    if (arrow) step(event, arrow);
    else if (event.key === " ") {
      if (!byKeys.current) spaceHeld.current = true;
      else if (!event.repeat) press();
    } else if (event.key === "Enter") {
      if (event.repeat) return true;
      if (useBrush.getState().tool === "polygon" && drawing.isDoing()) drawing.close();
      else if (drawing.isDoing()) drawing.end();
      else press();
    } else return false;
    return true;
  }

  function onAny(event: KeyboardEvent): boolean {
    const letter = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      if (letter === "z" && !event.shiftKey) drawing.cancel() || work.undo();
      else if (letter === "z" || letter === "y") work.redo();
      else return false;
      return true;
    }
    if (event.altKey) return false;
    const tool = (Object.keys(TOOL_KEYS) as Tool[]).find((name) => TOOL_KEYS[name].toLowerCase() === letter);
    if (tool) {
      drawing.cancel();
      take({ tool });
    } else if (event.key === "[" || event.key === "]") resize(event.key === "]" ? 1 : -1);
    else if (event.key === "{" || event.key === "}") harden(event.key === "}" ? 1 : -1);
    else if (letter === "x") take({ tool: useBrush.getState().tool === "eraser" ? "brush" : "eraser" });
    else if (letter === "i") work.change((painting) => withMark(painting, { kind: "invert" }));
    else if (event.key === "Delete" || event.key === "Backspace")
      work.change((painting) => withMark(painting, { kind: "clear" }));
    else if (event.key === "+" || event.key === "=") zoom(1.25);
    else if (event.key === "-") zoom(1 / 1.25);
    else if (event.key === "0") showAll();
    else if (event.key === "1") zoom("one");
    else return false;
    return true;
  }

  return {
    onKeyDown(event) {
      const { target } = event;
      const isField = target instanceof HTMLElement && target.matches("input[type=number], textarea, select");
      if (isField) return;
      const isStage = target instanceof HTMLElement && target.dataset.stage !== undefined;
      if ((isStage && onStage(event)) || onAny(event)) event.preventDefault();
    },
    onKeyUp(event) {
      if (event.key !== " ") return;
      spaceHeld.current = false;
      if (byKeys.current && drawing.isDoing() && useBrush.getState().tool !== "polygon") drawing.end();
    },
    isMoving: () => spaceHeld.current,
    pointed(at) {
      if (byKeys.current) onCross(null);
      byKeys.current = false;
      cross.current = { x: within(at.x, 0, size.width), y: within(at.y, 0, size.height) };
    },
  };
}
