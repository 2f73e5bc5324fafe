import type { WidgetProps } from "./types";
import styles from "./widgets.module.css";

/** On or off. */
export function SwitchWidget({ value, label, tabIndex, onChange }: WidgetProps) {
  const isOn = value === true;
  return (
    <div className={styles.widget}>
      <button
        type="button"
        role="switch"
        aria-checked={isOn}
        className={`${styles.switch} nodrag`}
        data-row
        tabIndex={tabIndex}
        onClick={() => onChange(!isOn)}
      >
        <span className={styles.widgetName}>{label}</span>
        <span className={styles.knob} data-on={isOn || undefined} aria-hidden />
      </button>
    </div>
  );
}
