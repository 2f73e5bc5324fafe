import { ViewportPortal } from "@xyflow/react";
import { memo, useMemo } from "react";
import type { FlowEdge, FlowNode } from "../flow";
import { typeColour } from "../typeColours";
import styles from "./around.module.css";

/** All wires from afar: one path for each type, as hundreds of elements would be slow to move. */
export const FarWires = memo(function FarWires({
  nodes,
  edges,
}: {
  nodes: readonly FlowNode[];
  edges: readonly FlowEdge[];
}) {
  const paths = useMemo(() => pathsOf(nodes, edges), [nodes, edges]);
  return (
    <ViewportPortal>
      <svg className={styles.farWires} aria-hidden="true">
        {[...paths].map(([type, path]) => (
          <path key={type} d={path} stroke={typeColour(type)} />
        ))}
      </svg>
    </ViewportPortal>
  );
});

function pathsOf(nodes: readonly FlowNode[], edges: readonly FlowEdge[]): ReadonlyMap<string, string> {
  const known = new Map(nodes.map((node) => [node.id, node]));
  const paths = new Map<string, string>();
  for (const edge of edges) {
    const from = spotAt(known.get(edge.source), edge.sourceHandle);
    const to = spotAt(known.get(edge.target), edge.targetHandle);
    if (!from || !to) continue;
    const bend = Math.max(30, Math.abs(to[0] - from[0]) / 2);
    const line = `M${from[0]} ${from[1]}C${from[0] + bend} ${from[1]} ${to[0] - bend} ${to[1]} ${to[0]} ${to[1]}`;
    const type = edge.data?.type ?? "*";
    paths.set(type, (paths.get(type) ?? "") + line);
  }
  return paths;
}

function spotAt(node: FlowNode | undefined, id: string | null | undefined): readonly [number, number] | null {
  const spot = node?.handles?.find((one) => one.id === id);
  return node && spot ? [Math.round(node.position.x + spot.x), Math.round(node.position.y + spot.y)] : null;
}
