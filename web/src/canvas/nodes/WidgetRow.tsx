import { useCallback } from "react";
import { setControl, setValue } from "@/graph/edit";
import type { Json } from "@/graph/json";
import { isNote, widgetValue } from "@/graph/specs";
import { type Control, type DocNode, INPUTS } from "@/graph/types";
import { CONTROLS } from "@/graph/widgets";
import { said } from "@/texts/said";
import { useTexts } from "@/texts/texts";
import { ask } from "../asking";
import { edit, nodeOf, useDesk, useSpec } from "../desk";
import { inputSpot, type Row } from "../geometry";
import { nodeTitle, shownName } from "../names";
import { controlFor } from "../widgets/controls";
import { PictureOf } from "../widgets/PictureOf";
import widgets from "../widgets/widgets.module.css";
import styles from "./node.module.css";
import { Socket } from "./Socket";

/** A widget, what becomes of its value after a run, or the picture that it names. */
export function WidgetRow({
  row,
  node,
  from,
  wrong,
  isOpen,
}: {
  row: Exclude<Row, { kind: "socket" }>;
  node: DocNode;
  /** The node that gives the value instead. */
  from: string | null;
  wrong: string;
  isOpen: boolean;
}) {
  const { port } = row;
  const name = port.name;
  const onChange = useCallback(
    (value: Json) => {
      edit("did set", (doc, path) => setValue(doc, path, node.id, name, value), {
        merge: `set ${node.id} ${name}`,
        params: { name: shownName(name) },
      });
    },
    [node.id, name],
  );
  const value = widgetValue(node, port);
  const isText = isNote(node);
  const place = { top: row.y, height: row.height };
  if (row.kind === "control") {
    return <ControlRow node={node} name={name} isLinked={from !== null} style={place} isOpen={isOpen} />;
  }
  if (row.kind === "picture") {
    return <PictureOf node={node.id} port={port} value={value} style={place} />;
  }
  const Widget = controlFor(port.spec ?? { name, type: port.type });
  const label = shownName(port.label);
  return (
    <div
      className={styles.widgetRow}
      style={place}
      data-widget={port.key}
      data-wrong={wrong ? true : undefined}
      title={
        [wrong, isText ? "" : said().text(port.spec?.tooltip ?? "")].filter(Boolean).join("\n") || undefined
      }
    >
      {!isText && (
        <Socket
          node={node.id}
          spot={inputSpot(port.key)}
          side="input"
          type={port.type}
          isLinked={from !== null}
          isQuiet={port.slot === null}
        />
      )}
      {from === null ? (
        <Widget
          node={node.id}
          port={port}
          value={value}
          label={label}
          wrong={wrong}
          tabIndex={isOpen ? 0 : -1}
          onChange={onChange}
        />
      ) : (
        <Given label={label} from={from} node={node.id} spot={inputSpot(port.key)} isOpen={isOpen} />
      )}
    </div>
  );
}

/** In place of a widget whose value comes over a wire. */
function Given({
  label,
  from,
  node,
  spot,
  isOpen,
}: {
  label: string;
  from: string;
  node: string;
  spot: string;
  isOpen: boolean;
}) {
  const t = useTexts("canvas");
  const giver = useDesk((state) => nodeOf(state, from));
  const spec = useSpec(from);
  const name = giver ? nodeTitle(giver, spec) : from === INPUTS ? t("inputs") : "";
  return (
    <button
      type="button"
      className={widgets.given}
      data-row
      data-spot={spot}
      tabIndex={isOpen ? 0 : -1}
      onClick={(event) => {
        if (event.detail === 0) ask({ kind: "link", pull: { node, end: { input: spot.slice(3) } } });
      }}
    >
      <span className={widgets.widgetName}>{label}</span>
      <span className={widgets.widgetValue}>{t("from node", { name })}</span>
    </button>
  );
}

function ControlRow({
  node,
  name,
  isLinked,
  style,
  isOpen,
}: {
  node: DocNode;
  name: string;
  isLinked: boolean;
  style: { top: number; height: number };
  isOpen: boolean;
}) {
  const t = useTexts("canvas");
  const control: Control = node.controls[name] ?? "fixed";
  return (
    <div className={styles.widgetRow} style={style}>
      <label className={widgets.widget}>
        <span className={widgets.widgetName}>{t("after each run")}</span>
        <select
          className={`${widgets.select} nodrag`}
          value={control}
          disabled={isLinked}
          tabIndex={isOpen ? 0 : -1}
          onChange={(event) => {
            const chosen = CONTROLS.find((one) => one === event.target.value);
            if (chosen) {
              edit("did set", (doc, path) => setControl(doc, path, node.id, name, chosen), {
                params: { name: t("after each run") },
              });
            }
          }}
        >
          {CONTROLS.map((one) => (
            <option key={one} value={one}>
              {t(`control ${one}`)}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
