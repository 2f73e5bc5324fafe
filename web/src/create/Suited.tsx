import { RotateCcw } from "lucide-react";
import type { ReactNode } from "react";
import { useTexts } from "@/texts/texts";
import { Choice, NumberField, type Option } from "@/ui";
import styles from "./settings.module.css";

/** Beside the name of a setting: that it suits the checkpoint, or a way back to that. */
function Aside({
  isOwn,
  label,
  suits,
  onReset,
}: {
  isOwn: boolean;
  label: string;
  suits?: string;
  onReset: () => void;
}): ReactNode {
  const t = useTexts("create");
  return isOwn ? (
    <button
      type="button"
      className={styles.reset}
      onClick={onReset}
      aria-label={t("reset of", { label })}
      title={t("reset of", { label })}
    >
      <RotateCcw size={12} aria-hidden /> {t("reset")}
    </button>
  ) : (
    <span className={styles.suits}>{suits ?? t("suits")}</span>
  );
}

/** A number that suits the checkpoint until somebody changes it. */
export function SuitedNumber({
  label,
  value,
  usual,
  onChange,
  suits,
  ...rest
}: {
  label: string;
  value: number | null;
  /** Said of the usual value, where that is not the checkpoint's. */
  suits?: string;
  /** What suits the checkpoint. */
  usual: number;
  onChange: (value: number | null) => void;
  min: number;
  max: number;
  step?: number;
  slider?: readonly [number, number];
  hint?: string;
}) {
  return (
    <NumberField
      {...rest}
      label={label}
      value={value ?? usual}
      onChange={onChange}
      aside={<Aside isOwn={value !== null} label={label} suits={suits} onReset={() => onChange(null)} />}
    />
  );
}

/** One of many that suits the checkpoint until somebody changes it. */
export function SuitedChoice({
  label,
  value,
  usual,
  options,
  onChange,
}: {
  label: string;
  value: string | null;
  usual: string;
  options: readonly (string | Option)[];
  onChange: (value: string | null) => void;
}) {
  return (
    <Choice
      label={label}
      value={value ?? usual}
      options={options}
      onChange={onChange}
      aside={<Aside isOwn={value !== null} label={label} onReset={() => onChange(null)} />}
    />
  );
}
