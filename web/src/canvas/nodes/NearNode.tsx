import { memo, useMemo } from "react";
import { wiring } from "@/graph/room";
import type { DocNode, NodeSpec, Ports } from "@/graph/types";
import { said } from "@/texts/said";
import { useTexts } from "@/texts/texts";
import { desk, docOf, roomOf, useDesk, useIsSelected } from "../desk";
import type { Drawing, Row } from "../geometry";
import { inputSpot, outputSpot } from "../geometry";
import { useNodeFailure, useNodeProblems, useNodeState } from "../running";
import { inkOn } from "../typeColours";
import { Grip } from "./Grip";
import { Header } from "./Header";
import styles from "./node.module.css";
import { Result } from "./Result";
import { Socket } from "./Socket";
import { SocketRow } from "./SocketRow";
import { WidgetRow } from "./WidgetRow";

/** A node with all its sockets, widgets and results. */
export function NearNode({
  node,
  spec,
  ports,
  drawing,
  title,
}: {
  node: DocNode;
  spec: NodeSpec | null;
  ports: Ports;
  drawing: Drawing;
  title: string;
}) {
  const t = useTexts("canvas");
  const isSubgraph = useDesk((state) => docOf(state)?.subgraphs.has(node.type) ?? false);
  const isSelected = useIsSelected(node.id);
  const isCurrent = useDesk(
    (state) => state.current === node.id || (state.current === "" && isFirst(node.id)),
  );
  const state = useNodeState(node.id, isSubgraph);
  const problems = useNodeProblems(node.id, isSubgraph);
  const failure = useNodeFailure(node.id, isSubgraph);
  const isWrong = problems.length > 0 || failure !== null;
  const { inputs, outputs } = useLinked(node.id);
  const label = [
    title,
    node.mode === "always" ? "" : t(`mode ${node.mode}`),
    state ? t(`state ${state}`) : "",
    isWrong ? t("has problems") : "",
  ];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms, and cannot be laid out like this
    <div
      className={styles.node}
      role="group"
      aria-roledescription={t("node")}
      aria-label={label.filter(Boolean).join(", ")}
      data-node={node.id}
      data-selected={isSelected || undefined}
      data-state={state ?? undefined}
      data-wrong={isWrong || undefined}
      data-mode={node.mode}
      data-unknown={!spec || undefined}
      data-ink={inkOn(node.bgcolor) ?? undefined}
      tabIndex={isCurrent ? 0 : -1}
      style={node.bgcolor ? { background: node.bgcolor } : undefined}
      onFocus={() => {
        if (useDesk.getState().current !== node.id) useDesk.setState({ current: node.id });
      }}
    >
      <Header
        node={node}
        spec={spec}
        title={title}
        isSubgraph={isSubgraph}
        state={state}
        problems={problems}
        failure={failure}
      />
      {drawing.rows.map((row) => (
        <RowView
          key={row.kind === "socket" ? `s${row.y}` : `${row.kind} ${row.port.key}`}
          row={row}
          node={node}
          inputs={inputs}
          outputs={outputs}
          wrong={
            row.kind === "socket" ? wrongAt(problems, row.input?.name) : wrongAt(problems, row.port.name)
          }
          isOpen={isSelected || isCurrent}
        />
      ))}
      {node.collapsed && <FoldedSockets node={node.id} ports={ports} />}
      {!node.collapsed && (
        <Result node={node} isSubgraph={isSubgraph} place={drawing.result} failure={failure} />
      )}
      {!node.collapsed && !node.pinned && <Grip node={node} />}
    </div>
  );
}

const RowView = memo(function RowView({
  row,
  node,
  inputs,
  outputs,
  wrong,
  isOpen,
}: {
  row: Row;
  node: DocNode;
  inputs: string;
  outputs: string;
  wrong: string;
  isOpen: boolean;
}) {
  const linkedInputs = useMemo(() => new Map(parsed(inputs)), [inputs]);
  const linkedOutputs = useMemo(() => new Set(outputs.split(" ")), [outputs]);
  if (row.kind === "socket") {
    return (
      <SocketRow
        row={row}
        node={node.id}
        isInputLinked={row.input?.slot != null && linkedInputs.has(row.input.slot)}
        isOutputLinked={row.output !== null && linkedOutputs.has(String(row.output.place))}
        wrong={wrong}
        isOpen={isOpen}
      />
    );
  }
  const from = row.port.slot === null ? undefined : linkedInputs.get(row.port.slot);
  return <WidgetRow row={row} node={node} from={from ?? null} wrong={wrong} isOpen={isOpen} />;
});

/** Of a folded node all sockets lie at the ends of its title bar. */
function FoldedSockets({ node, ports }: { node: string; ports: Ports }) {
  return (
    <div className={styles.folded}>
      {[...ports.inputs, ...ports.widgets].map((port) => (
        <Socket
          key={port.key}
          node={node}
          spot={inputSpot(port.key)}
          side="input"
          type={port.type}
          isLinked
        />
      ))}
      {ports.outputs.map((port, place) => (
        <Socket key={place} node={node} spot={outputSpot(place)} side="output" type={port.type} isLinked />
      ))}
    </div>
  );
}

function wrongAt(problems: readonly { input: string; message: string }[], name: string | undefined): string {
  return said().text(problems.find(({ input }) => input === name)?.message ?? "");
}

/** Which inputs are linked, and from where, and which outputs; as texts, so that other wires do not redraw the node. */
function useLinked(id: string): { inputs: string; outputs: string } {
  const inputs = useDesk((state) => {
    const into = wiring(roomOf(state)).into.get(id);
    return into ? [...into].map(([slot, { from, output }]) => `${slot} ${from} ${output}`).join("\n") : "";
  });
  const outputs = useDesk((state) => {
    const out = wiring(roomOf(state)).outOf.get(id);
    return out ? [...new Set(out.map((wire) => wire.output))].join(" ") : "";
  });
  return { inputs, outputs };
}

function parsed(inputs: string): [number, string][] {
  if (!inputs) return [];
  return inputs.split("\n").map((line) => {
    const [slot = "", from = ""] = line.split(" ");
    return [Number(slot), from];
  });
}

/** Where nothing has had the keyboard yet, it comes to the first node. */
function isFirst(id: string): boolean {
  return roomOf(desk()).nodes.keys().next().value === id;
}
