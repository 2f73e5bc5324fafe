import { useReactFlow } from "@xyflow/react";
import { useRef } from "react";
import { resizeNode } from "@/graph/edit";
import type { DocNode, Size } from "@/graph/types";
import { edit, sealed } from "../desk";
import styles from "./around.module.css";

const LEAST: Size = [90, 20];
const GRID = 10;

/** The lower right corner of a node, by which it is made larger. */
export function Grip({ node }: { node: DocNode }) {
  const { getZoom } = useReactFlow();
  const resize = useResize((dx, dy, start: Size) => {
    const size: Size = [
      Math.max(LEAST[0], Math.round((start[0] + dx / getZoom()) / GRID) * GRID),
      Math.max(LEAST[1], Math.round((start[1] + dy / getZoom()) / GRID) * GRID),
    ];
    edit("did resize", (doc, path) => resizeNode(doc, path, node.id, size), { merge: `size ${node.id}` });
  }, node.size);
  return <span className={`${styles.grip} nodrag`} aria-hidden {...resize} />;
}

/** Handlers of something that is pulled to give a size. */
export function useResize(to: (dx: number, dy: number, start: Size) => void, size: Size) {
  const start = useRef<{ x: number; y: number; size: Size } | null>(null);
  return {
    onPointerDown: (event: React.PointerEvent) => {
      event.stopPropagation();
      event.currentTarget.setPointerCapture(event.pointerId);
      start.current = { x: event.clientX, y: event.clientY, size };
    },
    onPointerMove: (event: React.PointerEvent) => {
      const from = start.current;
      if (from) to(event.clientX - from.x, event.clientY - from.y, from.size);
    },
    onPointerUp: () => {
      if (start.current) sealed();
      start.current = null;
    },
  };
}
