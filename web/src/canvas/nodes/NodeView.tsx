import type { NodeProps } from "@xyflow/react";
import { memo } from "react";
import { useDesk, useNode, usePorts, useSpec } from "../desk";
import type { FlowNode } from "../flow";
import { drawingOf } from "../geometry";
import { nodeTitle } from "../names";
import { FarNode } from "./FarNode";
import { NearNode } from "./NearNode";

/** Draws every node: from afar its outline, from near all that is in it. */
export const NodeView = memo(function NodeView({ id }: NodeProps<FlowNode>) {
  const node = useNode(id);
  const spec = useSpec(id);
  const ports = usePorts(id);
  const isNear = useDesk((state) => state.isNear);
  if (!node || !ports) return null;
  const title = nodeTitle(node, spec);
  const drawing = drawingOf(node, ports);
  return isNear ? (
    <NearNode node={node} spec={spec} ports={ports} drawing={drawing} title={title} />
  ) : (
    <FarNode node={node} title={title} isUnknown={!spec} />
  );
}, sameId);

/** Places and sizes are the canvas's; what is drawn is asked for by id. */
function sameId(before: NodeProps<FlowNode>, now: NodeProps<FlowNode>): boolean {
  return before.id === now.id;
}
