import { type Edge, getViewportForBounds, type Node, type ReactFlowInstance } from "@xyflow/react";
import { boxAround } from "@/graph/groups";

const LEAST_ZOOM = 0.05;
const PADDING = 0.1;

/** Bring the whole graph into view, no larger than it is. */
export function showAll<N extends Node, E extends Edge>(flow: ReactFlowInstance<N, E>): void {
  const frame = document.querySelector(".react-flow")?.getBoundingClientRect();
  const box = boxAround(
    flow
      .getNodes()
      .map(({ position, width = 0, height = 0 }) => [position.x, position.y, width, height] as const),
  );
  if (!frame || !box) return;
  const [x, y, width, height] = box;
  void flow.setViewport(
    getViewportForBounds({ x, y, width, height }, frame.width, frame.height, LEAST_ZOOM, 1, PADDING),
  );
}
