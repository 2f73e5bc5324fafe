import type { DocNode } from "@/graph/types";
import { useIsSelected } from "../desk";
import { useNodeState } from "../running";
import { inkOn } from "../typeColours";
import styles from "./node.module.css";

const LETTER = 14; // pixels across, at the size that titles have from afar
const LINE = 26;
const MOST_LINES = 3;

/** A node from afar: its colour, its title, and whether it runs. */
export function FarNode({ node, title, isUnknown }: { node: DocNode; title: string; isUnknown: boolean }) {
  const isSelected = useIsSelected(node.id);
  const state = useNodeState(node.id, false);
  return (
    <div
      className={styles.far}
      data-selected={isSelected || undefined}
      data-state={state ?? undefined}
      data-mode={node.mode}
      data-unknown={isUnknown || undefined}
      data-ink={inkOn(node.bgcolor || node.color) ?? undefined}
      style={{ background: node.bgcolor || node.color || undefined }}
    >
      <span>{shortened(title, node)}</span>
    </div>
  );
}

/** As much of a title as a node has room for; cut here, since clipping hundreds of nodes makes moving them slow. */
function shortened(title: string, { size: [width, height], collapsed }: DocNode): string {
  const lines = collapsed ? 1 : Math.min(MOST_LINES, Math.max(1, Math.floor(height / LINE)));
  const most = Math.max(2, Math.floor(width / LETTER) * lines);
  return title.length > most ? `${title.slice(0, most - 1)}…` : title;
}
