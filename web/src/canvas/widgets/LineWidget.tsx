import { Digits, formatJson } from "@/graph/json";
import type { WidgetProps } from "./types";
import styles from "./widgets.module.css";

/** One line of text; of a kind that nothing is known of, the value as it is. */
export function LineWidget({ value, label, tabIndex, wrong, onChange }: WidgetProps) {
  const isText = value === null || typeof value === "string";
  const isPlain = isText || typeof value === "number";
  return (
    <label className={styles.widget}>
      <span className={styles.widgetName}>{label}</span>
      <input
        className={`${styles.line} nodrag`}
        data-row
        tabIndex={tabIndex}
        value={isText ? (value ?? "") : value instanceof Digits ? String(value) : formatJson(value)}
        readOnly={!isPlain}
        spellCheck={false}
        aria-invalid={wrong ? true : undefined}
        onChange={(event) => {
          const number = Number(event.target.value);
          onChange(typeof value === "number" && Number.isFinite(number) ? number : event.target.value);
        }}
      />
    </label>
  );
}
