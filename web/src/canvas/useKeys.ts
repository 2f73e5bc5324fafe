import { useReactFlow } from "@xyflow/react";
import { useEffect } from "react";
import type { Box, Point } from "@/graph/types";
import { useAsk } from "./asking";
import { ALL, COMMANDS, type CommandName, isKey } from "./commands";
import { desk, docOf, roomOf, tabOf } from "./desk";
import { copied, nudge, paste, removeChosen } from "./doing";
import { flowNodes } from "./flow";
import { type Direction, nearest } from "./nearby";
import { addPicture } from "./opening";
import { chosen, focusNode, goInto, select } from "./selecting";

const ARROWS: Readonly<Record<string, Direction>> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
};
const STEPS: Readonly<Record<Direction, readonly [number, number]>> = {
  left: [-10, 0],
  right: [10, 0],
  up: [0, -10],
  down: [0, 10],
};
/** Copying and pasting are the browser's events, which may use the clipboard. */
const BY_EVENT = new Set<CommandName>(["copy", "paste", "pasteLinked"]);
/** Also while one is writing. */
const ALWAYS = new Set<CommandName>(["run", "runTo", "cancel", "save", "saveAs", "open"]);

/** The keyboard on the canvas. */
export function useKeys(): void {
  const flow = useReactFlow();
  useEffect(() => {
    let pointer: Point | null = null; // where it is over the canvas
    let isWithWires = false;

    function onPointerMove({ target, clientX, clientY }: PointerEvent) {
      pointer =
        target instanceof Element && target.closest(".react-flow__renderer") ? [clientX, clientY] : null;
    }

    function onKeyDown(event: KeyboardEvent) {
      isWithWires = event.shiftKey;
      if (event.defaultPrevented || event.isComposing || useAsk.getState().ask) return;
      const target = event.target instanceof HTMLElement ? event.target : null;
      if (target?.closest("dialog, [role=menu], [role=listbox], [role=dialog]")) return;
      const isWriting = target !== null && isEditable(target);
      const command = ALL.find(({ keys }) => keys.some((key) => isKey(event, key)));
      if (command && (!isWriting || ALWAYS.has(command.name))) {
        if (BY_EVENT.has(command.name)) return;
        // single keys are for the canvas only, so that they do not surprise elsewhere on the page
        if (
          !event.ctrlKey &&
          !event.metaKey &&
          !event.altKey &&
          target?.closest("nav, aside, [role=toolbar], [role=tablist]")
        )
          return;
        event.preventDefault();
        if (!("isOff" in command) || !command.isOff?.()) COMMANDS[command.name].act();
        return;
      }
      if (target && (!isWriting || event.key === "Escape" || leavesRow(event, target))) onMove(event, target);
    }

    function onMove(event: KeyboardEvent, target: HTMLElement) {
      const frame = target.closest<HTMLElement>("[data-node]");
      const direction = ARROWS[event.key];
      if (event.key === "Escape") {
        if (frame && target !== frame) frame.focus({ preventScroll: true });
        else if (chosen().nodes.length > 0) select([]);
        else {
          const path = tabOf(desk())?.path ?? [];
          if (path.length > 0) goInto(path.slice(0, -1));
        }
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (frame && target !== frame) {
        if (direction === "up" || direction === "down") {
          event.preventDefault();
          stepRow(frame, target, direction === "down" ? 1 : -1);
        }
        return;
      }
      if (target.closest("nav, aside, [role=toolbar], [role=tablist]")) return;
      if (direction && event.shiftKey && frame) {
        event.preventDefault();
        if (!tabOf(desk())?.selected.has(frame.dataset.node ?? "")) select([frame.dataset.node ?? ""]);
        nudge(...STEPS[direction]);
      } else if (direction) {
        event.preventDefault();
        goNext(direction);
      } else if (event.key === "Enter" && frame) {
        event.preventDefault();
        frame.querySelector<HTMLElement>("[data-row], textarea, select")?.focus({ preventScroll: true });
      } else if (event.key === " " && frame?.dataset.node) {
        event.preventDefault();
        const id = frame.dataset.node;
        const { selected } = tabOf(desk()) ?? { selected: new Set<string>() };
        select(selected.has(id) ? [...selected].filter((one) => one !== id) : [...selected, id]);
      }
    }

    /** Go to the next node that way; from nowhere, to the first. */
    function goNext(direction: Direction) {
      const state = desk();
      const boxes = boxesOf();
      const from = boxes.get(state.current);
      const id = from ? nearest(from, boxes, direction) : (boxes.keys().next().value ?? null);
      if (id === null) return;
      select([id]);
      focusNode(id);
    }

    function onCopy(event: ClipboardEvent) {
      if (!isForCanvas(event.target)) return;
      const text = copied();
      if (!text) return;
      event.preventDefault();
      event.clipboardData?.setData("text/plain", text);
      if (event.type === "cut") removeChosen();
    }

    function onPaste(event: ClipboardEvent) {
      if (!isForCanvas(event.target) || !event.clipboardData) return;
      const { files } = event.clipboardData;
      const text = event.clipboardData.getData("text/plain");
      const [x, y] = pointer ?? [innerWidth / 2, innerHeight / 2];
      const there = flow.screenToFlowPosition({ x, y });
      const at: Point = [Math.round(there.x), Math.round(there.y)];
      const picture = [...files].find((file) => file.type.startsWith("image/"));
      if (picture) {
        event.preventDefault();
        void addPicture(picture, at, !pointer);
      } else if (text) {
        event.preventDefault();
        void paste(text, { withWires: isWithWires, ...(pointer ? { at } : {}) });
      }
    }

    addEventListener("pointermove", onPointerMove);
    addEventListener("keydown", onKeyDown);
    document.addEventListener("copy", onCopy);
    document.addEventListener("cut", onCopy);
    document.addEventListener("paste", onPaste);
    return () => {
      removeEventListener("pointermove", onPointerMove);
      removeEventListener("keydown", onKeyDown);
      document.removeEventListener("copy", onCopy);
      document.removeEventListener("cut", onCopy);
      document.removeEventListener("paste", onPaste);
    };
  }, [flow]);
}

function isEditable(target: HTMLElement): boolean {
  return target.matches("input, textarea, select, [contenteditable=true]");
}

function isForCanvas(target: EventTarget | null): boolean {
  if (useAsk.getState().ask || !(target instanceof HTMLElement)) return !useAsk.getState().ask;
  if (isEditable(target) || target.closest("dialog, [role=dialog]")) return false;
  return (getSelection()?.toString() ?? "") === "";
}

/** Whether an arrow goes on to the next row: from a menu always, from a text at its end. */
function leavesRow({ key, shiftKey }: KeyboardEvent, target: HTMLElement): boolean {
  if ((key !== "ArrowUp" && key !== "ArrowDown") || shiftKey || !target.closest("[data-node]")) return false;
  if (target instanceof HTMLSelectElement) return true;
  if (!(target instanceof HTMLTextAreaElement) || target.selectionStart !== target.selectionEnd) return false;
  return target.selectionStart === (key === "ArrowUp" ? 0 : target.value.length);
}

/** From row to row of a node. */
function stepRow(frame: HTMLElement, target: HTMLElement, step: number): void {
  const rows = [...frame.querySelectorAll<HTMLElement>("[data-row], textarea, select")];
  const at = rows.indexOf(target.closest<HTMLElement>("[data-row], textarea, select") ?? target);
  rows[at + step]?.focus({ preventScroll: true });
}

/** Where nodes are, as the canvas has them. */
function boxesOf(): ReadonlyMap<string, Box> {
  const state = desk();
  const [tab, doc] = [tabOf(state), docOf(state)];
  if (!tab || !doc) return new Map();
  const nodes = flowNodes(doc, tab.path, roomOf(state), state.catalog, tab.selected);
  return new Map(
    nodes
      .filter(({ type }) => type !== "group" && type !== "waypoint")
      .map(({ id, position, width = 0, height = 0 }) => [id, [position.x, position.y, width, height]]),
  );
}
