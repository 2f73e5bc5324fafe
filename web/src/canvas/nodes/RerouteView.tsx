import type { NodeProps } from "@xyflow/react";
import { memo } from "react";
import { givenType } from "@/graph/fit";
import { useTexts } from "@/texts/texts";
import { docOf, tabOf, useDesk, useIsSelected, useNode } from "../desk";
import type { FlowNode } from "../flow";
import { inputSpot, outputSpot } from "../geometry";
import { typeColour } from "../typeColours";
import styles from "./node.module.css";
import { Socket } from "./Socket";

/** A node that only hands a wire on. */
export const RerouteView = memo(function RerouteView({ id }: NodeProps<FlowNode>) {
  const t = useTexts("canvas");
  const node = useNode(id);
  const isSelected = useIsSelected(id);
  const isCurrent = useDesk((state) => state.current === id);
  const type = useDesk((state) => {
    const [doc, tab] = [docOf(state), tabOf(state)];
    return doc && tab ? givenType(doc, tab.path, state.catalog, id, 0) : "*";
  });
  if (!node) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div
      className={styles.reroute}
      role="group"
      aria-label={node.title || t("type reroute")}
      data-node={id}
      data-selected={isSelected || undefined}
      tabIndex={isCurrent ? 0 : -1}
      style={{ color: typeColour(type) }}
      onFocus={() => useDesk.setState({ current: id })}
    >
      <Socket node={id} spot={inputSpot(node.inputs[0]?.name ?? "")} side="input" type={type} isLinked />
      <span>{node.title || (type === "*" ? "" : type)}</span>
      <Socket node={id} spot={outputSpot(0)} side="output" type={type} isLinked />
    </div>
  );
});
