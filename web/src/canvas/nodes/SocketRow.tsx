import { said } from "@/texts/said";
import { useTexts } from "@/texts/texts";
import { ask } from "../asking";
import { inputSpot, outputSpot, type Row } from "../geometry";
import { shownName } from "../names";
import styles from "./node.module.css";
import { Socket } from "./Socket";

/** An input at the left and an output at the right, where there is one. */
export function SocketRow({
  row,
  node,
  isInputLinked,
  isOutputLinked,
  wrong,
  isOpen,
}: {
  row: Extract<Row, { kind: "socket" }>;
  node: string;
  isInputLinked: boolean;
  isOutputLinked: boolean;
  wrong: string;
  /** Whether the keyboard gets to it. */
  isOpen: boolean;
}) {
  const t = useTexts("canvas");
  const { input, output } = row;
  return (
    <div className={styles.socketRow} style={{ top: row.y, height: row.height }}>
      {input && (
        <>
          <Socket
            node={node}
            spot={inputSpot(input.key)}
            side="input"
            type={input.type}
            isLinked={isInputLinked}
            isOptional={!input.required}
          />
          <button
            type="button"
            className={styles.socketName}
            data-row
            data-spot={inputSpot(input.key)}
            data-wrong={wrong ? true : undefined}
            tabIndex={isOpen ? 0 : -1}
            title={[wrong, input.type, said().text(input.spec?.tooltip ?? "")].filter(Boolean).join("\n")}
            aria-label={t("input label", {
              name: shownName(input.label),
              type: input.type,
              state: wrong || (isInputLinked ? t("linked") : t("not linked")),
            })}
            onClick={(event) => {
              if (event.detail === 0) ask({ kind: "link", pull: { node, end: { input: input.key } } });
            }}
          >
            {shownName(input.label)}
          </button>
        </>
      )}
      {output && (
        <>
          <button
            type="button"
            className={styles.outputName}
            data-row
            data-spot={outputSpot(output.place)}
            tabIndex={isOpen ? 0 : -1}
            title={output.port.type}
            aria-label={t("output label", {
              name: shownName(output.port.label),
              type: output.port.type,
              state: isOutputLinked ? t("linked") : t("not linked"),
            })}
            onClick={(event) => {
              if (event.detail === 0) ask({ kind: "link", pull: { node, end: { output: output.place } } });
            }}
          >
            {shownName(output.port.label)}
          </button>
          <Socket
            node={node}
            spot={outputSpot(output.place)}
            side="output"
            type={output.port.type}
            isLinked={isOutputLinked}
          />
        </>
      )}
    </div>
  );
}
