import { hexOf } from "@/graph/values";
import type { WidgetProps } from "./types";
import styles from "./widgets.module.css";

/** A colour, kept as a number or a text, as its node has it. */
export function ColourWidget({ port, value, label, tabIndex, onChange }: WidgetProps) {
  const hex = hexOf(value);
  const isNumber = port.type === "INT";
  return (
    <label className={styles.widget}>
      <span className={styles.widgetName}>{label}</span>
      <span className={styles.widgetValue}>{hex}</span>
      <input
        type="color"
        className={`${styles.colour} nodrag`}
        data-row
        tabIndex={tabIndex}
        aria-label={label}
        value={hex}
        onChange={(event) =>
          onChange(isNumber ? Number.parseInt(event.target.value.slice(1), 16) : event.target.value)
        }
      />
    </label>
  );
}
