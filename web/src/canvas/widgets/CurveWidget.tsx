import { Spline } from "lucide-react";
import { CurveField, curveOf, STRAIGHT } from "@/curve";
import { useTexts } from "@/texts/texts";
import { sealed } from "../desk";
import { LineWidget } from "./LineWidget";
import type { WidgetProps } from "./types";
import styles from "./widgets.module.css";

/** A curve that is drawn in the node; of one that may be left out, a button that begins it. */
export function CurveWidget(props: WidgetProps) {
  const t = useTexts("canvas");
  const { port, value, label, wrong, tabIndex, onChange } = props;
  const curve = curveOf(value);
  const usual = curveOf(port.spec?.default ?? null);
  if (curve) {
    return (
      <CurveField
        {...{ label, tabIndex }}
        value={curve}
        usual={usual ?? STRAIGHT}
        wrong={wrong !== ""}
        ink={port.name}
        small
        onChange={(next, isWhole) => {
          if (isWhole) sealed();
          onChange(next);
          if (isWhole) sealed();
        }}
        {...(usual || port.required ? {} : { onRemove: () => onChange(null) })}
      />
    );
  }
  if (value !== null) return <LineWidget {...props} />;
  return (
    <div className={styles.widget}>
      <button
        type="button"
        className={`${styles.choice} nodrag`}
        data-row
        tabIndex={tabIndex}
        aria-invalid={wrong ? true : undefined}
        onClick={() => onChange(usual ?? STRAIGHT)}
      >
        <span className={styles.widgetName}>{label}</span>{" "}
        <span className={styles.widgetValue}>{t("curve draw")}</span>
        <Spline size={12} aria-hidden />
      </button>
    </div>
  );
}
