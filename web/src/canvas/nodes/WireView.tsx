import { BaseEdge, type EdgeProps, getBezierPath } from "@xyflow/react";
import { memo } from "react";
import type { FlowEdge } from "../flow";
import { typeColour } from "../typeColours";

const GRASP = 14; // pixels around it in which it can be clicked

/** A wire, in the colour of what it carries. */
export const WireView = memo(function WireView({
  sourceX,
  sourceY,
  targetX,
  targetY,
  sourcePosition,
  targetPosition,
  data,
  selected,
}: EdgeProps<FlowEdge>) {
  const [path] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition });
  return (
    <BaseEdge
      path={path}
      interactionWidth={GRASP}
      style={{ stroke: typeColour(data?.type ?? "*"), strokeWidth: selected ? 4 : 2.2 }}
    />
  );
});
