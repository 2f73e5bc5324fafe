import { Dices } from "lucide-react";
import { useState } from "react";
import { drawnSeed } from "@/graph/seeds";
import { figureOf, typed } from "@/graph/values";
import { CONTROLS } from "@/graph/widgets";
import { useTexts } from "@/texts/texts";
import { IconButton, Select, TextField } from "@/ui";
import type { ControlProps } from "./FieldControl";
import styles from "./fields.module.css";

/** A number that is drawn more often than set, and what becomes of it from picture to picture. */
export function SeedControl({ label, hint, wrong, spec, value, control, onChange }: ControlProps) {
  const t = useTexts("form");
  const [text, setText] = useState<string | null>(null);
  const stays = control === null ? {} : { control: "fixed" as const };
  return (
    <div className={styles.seed}>
      <TextField
        {...{ label, hint, wrong }}
        inputMode="numeric"
        autoComplete="off"
        value={text ?? String(figureOf(value))}
        onChange={(next) => {
          setText(next);
          const number = typed(next, spec);
          // who names a number means that one
          if (number !== null) onChange({ value: number, ...stays });
        }}
        onBlur={() => setText(null)}
      />
      <IconButton
        icon={Dices}
        look="plain"
        label={t("draw")}
        onClick={() => onChange({ value: drawnSeed(spec), ...stays })}
      />
      {control !== null && (
        <Select
          label={t("next time")}
          value={control}
          options={CONTROLS.map((one) => ({ value: one, label: t(`next ${one}`) }))}
          onChange={(next) => {
            const chosen = CONTROLS.find((one) => one === next);
            if (chosen) onChange({ control: chosen });
          }}
        />
      )}
    </div>
  );
}
