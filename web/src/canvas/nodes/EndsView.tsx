import type { NodeProps } from "@xyflow/react";
import { memo } from "react";
import { wiring } from "@/graph/room";
import { INPUTS } from "@/graph/types";
import { useTexts } from "@/texts/texts";
import { ask } from "../asking";
import { roomOf, useDefinition, useDesk, useIsSelected } from "../desk";
import { END_ROW, type FlowNode } from "../flow";
import { inputSpot, outputSpot, TITLE } from "../geometry";
import { shownName } from "../names";
import styles from "./node.module.css";
import { Socket } from "./Socket";

/** What a subgraph is handed, or what it hands out, seen from inside; the last place makes a new one. */
export const EndsView = memo(function EndsView({ id }: NodeProps<FlowNode>) {
  const t = useTexts("canvas");
  const definition = useDefinition();
  const isSelected = useIsSelected(id);
  const isCurrent = useDesk((state) => state.current === id);
  const isIn = id === INPUTS;
  const isLinked = useDesk((state) => {
    const { into, outOf } = wiring(roomOf(state));
    const places = isIn
      ? (outOf.get(id) ?? []).map(({ output }) => output)
      : [...(into.get(id)?.keys() ?? [])];
    return places.join(" ");
  }).split(" ");
  if (!definition) return null;
  const ports = isIn ? definition.inputs : definition.outputs;
  const side = isIn ? "output" : "input";
  const spot = (place: number | null) =>
    isIn ? outputSpot(place ?? -1) : inputSpot(place === null ? "" : String(place));
  const title = isIn ? t("inputs") : t("outputs");
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div
      className={styles.ends}
      role="group"
      aria-label={title}
      data-node={id}
      data-side={side}
      data-selected={isSelected || undefined}
      tabIndex={isCurrent ? 0 : -1}
      onFocus={() => useDesk.setState({ current: id })}
    >
      <div className={styles.header}>
        <span className={styles.title}>{title}</span>
      </div>
      {[...ports, null].map((port, at) => {
        const place = port ? at : null;
        return (
          <div
            key={port?.id ?? "new"}
            className={styles.endRow}
            style={{ top: TITLE + at * END_ROW, height: END_ROW }}
          >
            <Socket
              node={id}
              spot={spot(place)}
              side={side}
              type={port?.type ?? "*"}
              isLinked={place !== null && isLinked.includes(String(place))}
            />
            <button
              type="button"
              data-row
              data-spot={spot(place)}
              tabIndex={isCurrent || isSelected ? 0 : -1}
              className={styles.endName}
              onClick={(event) => {
                if (event.detail !== 0) return;
                const end = isIn ? { output: place ?? -1 } : { input: place === null ? "" : String(place) };
                ask({ kind: "link", pull: { node: id, end } });
              }}
            >
              {port ? shownName(port.label || port.name) : t("new end")}
            </button>
          </div>
        );
      })}
    </div>
  );
});
