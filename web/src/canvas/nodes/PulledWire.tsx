import { type ConnectionLineComponentProps, getBezierPath } from "@xyflow/react";
import { whyNot } from "@/graph/fit";
import { texts } from "@/texts/texts";
import { desk, docOf, tabOf } from "../desk";
import { endsBetween, usePulling } from "../pulling";
import { refusalText } from "../refusals";
import { typeColour } from "../typeColours";
import styles from "./around.module.css";

/** The wire that is being drawn; over a socket it does not fit, it says why. */
export function PulledWire({
  fromX,
  fromY,
  toX,
  toY,
  fromPosition,
  toPosition,
  toNode,
  toHandle,
}: ConnectionLineComponentProps) {
  const { pull, type } = usePulling();
  const [path] = getBezierPath({
    sourceX: fromX,
    sourceY: fromY,
    targetX: toX,
    targetY: toY,
    sourcePosition: fromPosition,
    targetPosition: toPosition,
  });
  const reason = toNode && toHandle?.id ? reasonFor(toNode.id, toHandle.id) : null;
  const words = reason ?? (type === "*" ? texts("canvas")("anything") : type);
  return (
    <g>
      <path
        d={path}
        fill="none"
        stroke={reason ? "var(--bad)" : typeColour(type)}
        strokeWidth={2.5}
        strokeDasharray={reason ? "6 5" : undefined}
      />
      <foreignObject x={toX + 14} y={toY + 10} width={280} height={120} className={styles.pulledWords}>
        <p data-bad={reason ? true : undefined}>{words}</p>
      </foreignObject>
    </g>
  );

  function reasonFor(node: string, spot: string): string | null {
    const state = desk();
    const [doc, tab] = [docOf(state), tabOf(state)];
    if (!pull || !doc || !tab) return null;
    if (node === pull.node) return null;
    const ends = endsBetween(pull, node, spot);
    if (!ends) return texts("canvas")("refused side");
    const refusal = whyNot(doc, tab.path, state.catalog, ends);
    return refusal && refusalText(refusal);
  }
}
