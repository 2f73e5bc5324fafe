import { MiniMap } from "@xyflow/react";
import { useTexts } from "@/texts/texts";
import { nodeOf, useDesk } from "./desk";
import type { FlowNode } from "./flow";
import styles from "./over.module.css";

/** The whole graph, small. */
export default function SmallMap() {
  const t = useTexts("canvas");
  return (
    <MiniMap
      className={styles.map}
      ariaLabel={t("map")}
      pannable
      zoomable
      bgColor="var(--surface)"
      maskColor="var(--veil)"
      nodeColor={({ id, type }: FlowNode) =>
        type === "group" ? "transparent" : nodeOf(useDesk.getState(), id)?.color || "var(--line-strong)"
      }
      nodeStrokeColor={({ type }: FlowNode) => (type === "group" ? "var(--line-strong)" : "transparent")}
      nodeStrokeWidth={8}
    />
  );
}
