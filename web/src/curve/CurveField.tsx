import { EllipsisVertical, FlipVertical2, Plus, RotateCcw, Trash2, X } from "lucide-react";
import { useState } from "react";
import { same } from "@/graph/json";
import { useTexts } from "@/texts/texts";
import { classes, Menu, type MenuItem } from "@/ui";
import { CurveGraph } from "./CurveGraph";
import { type Curve, divided, inverted, removed } from "./curve";
import styles from "./curve.module.css";

/** A curve with its name, the place of its chosen point, and a menu. */
export function CurveField({
  label,
  value,
  usual,
  wrong,
  ink,
  small,
  tabIndex = 0,
  onChange,
  onRemove,
}: {
  label: string;
  value: Curve;
  /** What it is set back to. */
  usual: Curve;
  wrong?: boolean;
  /** The colour that it is a curve of. */
  ink?: string;
  /** As drawn in nodes. */
  small?: boolean;
  tabIndex?: number;
  /** `isWhole` where it is a step of its own, and not one of several that belong together. */
  onChange: (curve: Curve, isWhole: boolean) => void;
  /** Where it may be done without. */
  onRemove?: () => void;
}) {
  const t = useTexts("canvas");
  const [chosen, setChosen] = useState<number | null>(null);
  const [draft, setDraft] = useState<Curve | null>(null);
  const curve = draft ?? value;
  const point = chosen === null ? undefined : curve[chosen];
  const more = divided(value, chosen);
  const items: MenuItem[] = [
    {
      label: t("curve add"),
      icon: Plus,
      disabled: !more,
      onSelect: () => {
        if (!more) return;
        setChosen(more.place);
        onChange(more.curve, true);
      },
    },
    {
      label: t("curve take out"),
      icon: X,
      disabled: !point || value.length === 2,
      onSelect: () => {
        if (chosen === null) return;
        setChosen(null);
        onChange(removed(value, chosen), true);
      },
    },
    null,
    { label: t("curve invert"), icon: FlipVertical2, onSelect: () => onChange(inverted(value), true) },
    {
      label: t("curve reset"),
      icon: RotateCcw,
      disabled: same(value, usual),
      onSelect: () => {
        setChosen(null);
        onChange(usual, true);
      },
    },
    ...(onRemove
      ? [null, { label: t("curve remove", { name: label }), icon: Trash2, onSelect: onRemove }]
      : []),
  ];
  return (
    <div className={classes(styles.field, small && styles.small)} data-wrong={wrong || undefined}>
      <div className={styles.head}>
        <span className={styles.name}>{label}</span>
        <span className={styles.place}>{point && `${written(point[0])} → ${written(point[1])}`}</span>
        <Menu items={items} align="end">
          <button
            type="button"
            className={`${styles.menu} nodrag`}
            data-row
            tabIndex={tabIndex}
            aria-label={t("curve menu", { name: label })}
            title={t("curve menu", { name: label })}
          >
            <EllipsisVertical size={small ? 14 : 16} aria-hidden />
          </button>
        </Menu>
      </div>
      <CurveGraph
        {...{ label, value, usual, draft, chosen, ink, tabIndex, wrong, onChange }}
        onDraft={setDraft}
        onChoose={setChosen}
      />
    </div>
  );
}

/** A share as it is read. */
export function written(share: number): string {
  return share.toFixed(2);
}
