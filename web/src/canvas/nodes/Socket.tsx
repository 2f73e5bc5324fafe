import { Handle, Position } from "@xyflow/react";
import { memo } from "react";
import { classes } from "@/ui";
import { useFit } from "../pulling";
import { typeColour, typeShape } from "../typeColours";
import { takeWire } from "../unplugging";
import styles from "./node.module.css";

/** A place where wires end or begin: its colour and shape say of what type. */
export const Socket = memo(function Socket({
  node,
  spot,
  side,
  type,
  isLinked,
  isQuiet,
  isOptional,
}: {
  node: string;
  spot: string;
  side: "input" | "output";
  type: string;
  isLinked: boolean;
  /** Only seen when something is linked or would fit: for widgets. */
  isQuiet?: boolean;
  isOptional?: boolean;
}) {
  const fit = useFit(node, spot);
  const isTaken = side === "input" && isLinked;
  return (
    <Handle
      type={side === "input" ? "target" : "source"}
      position={side === "input" ? Position.Left : Position.Right}
      id={spot}
      className={classes(
        styles.socket,
        side === "input" ? styles.socketIn : styles.socketOut,
        isQuiet && !isLinked && styles.quietSocket,
      )}
      data-fit={fit}
      data-shape={typeShape(type)}
      data-linked={isLinked || undefined}
      data-optional={isOptional || undefined}
      style={{ color: typeColour(type) }}
      onMouseDownCapture={isTaken ? (event) => takeWire(event, node, spot) : undefined}
      onTouchStartCapture={isTaken ? (event) => takeWire(event, node, spot) : undefined}
    />
  );
});
