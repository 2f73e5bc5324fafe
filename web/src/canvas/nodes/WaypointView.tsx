import { Handle, type NodeProps, Position } from "@xyflow/react";
import { memo } from "react";
import { passages } from "@/graph/wires";
import { roomOf, useDesk, useIsSelected } from "../desk";
import type { FlowNode } from "../flow";
import { inputSpot, outputSpot } from "../geometry";
import { typeColour } from "../typeColours";
import styles from "./around.module.css";

/** A point that wires go over. */
export const WaypointView = memo(function WaypointView({ id }: NodeProps<FlowNode>) {
  const isSelected = useIsSelected(id);
  const type = useDesk((state) => {
    const room = roomOf(state);
    const [wire] = passages(room).get(id.slice(2)) ?? [];
    return room.wires.get(wire ?? "")?.type ?? "*";
  });
  return (
    <div
      className={styles.waypoint}
      data-selected={isSelected || undefined}
      style={{ color: typeColour(type) }}
    >
      <Handle type="target" id={inputSpot("")} position={Position.Left} isConnectable={false} />
      <Handle type="source" id={outputSpot(0)} position={Position.Right} isConnectable={false} />
    </div>
  );
});
