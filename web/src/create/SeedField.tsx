import { Dices } from "lucide-react";
import { useState } from "react";
import { wholeNumber } from "@/graph/json";
import { useTexts } from "@/texts/texts";
import { IconButton, NumberField, Select, Switch, TextField } from "@/ui";
import { counted, drawnSeed, isSeed, type Seed, type SeedMode } from "./form";
import styles from "./settings.module.css";
import { edit, useStudio } from "./store";

const MODES: readonly SeedMode[] = ["random", "locked", "variation"];

/** The noise that a picture begins with: new each time, the same each time, or nearly the same. */
export function SeedField() {
  const t = useTexts("create");
  const seed = useStudio(({ form }) => form.seed);
  return (
    <>
      <Select
        label={t("seed mode")}
        hint={t(`seed ${seed.mode} about`)}
        value={seed.mode}
        options={MODES.map((mode) => ({ value: mode, label: t(`seed ${mode}`) }))}
        onChange={(value) => {
          const mode = MODES.find((each) => each === value);
          if (mode) edit({ seed: { ...seed, mode } });
        }}
      />
      {seed.mode !== "random" && (
        <div className={styles.withButton}>
          <SeedNumber
            label={t("seed")}
            value={seed.value}
            onChange={(value) => edit({ seed: { ...seed, value } })}
          />
          <IconButton
            icon={Dices}
            look="plain"
            label={t("draw seed")}
            onClick={() => edit({ seed: { ...seed, value: drawnSeed() } })}
          />
        </div>
      )}
      {seed.mode === "variation" && (
        <>
          <NumberField
            label={t("variation strength")}
            hint={t("variation about")}
            value={seed.strength}
            min={0}
            max={1}
            step={0.01}
            slider
            onChange={(strength) => edit({ seed: { ...seed, strength } })}
          />
          <Switch
            label={t("keep variation")}
            checked={seed.other !== null}
            onChange={(on) => edit({ seed: { ...seed, other: on ? drawnSeed() : null } })}
          />
          {seed.other !== null && (
            <SeedNumber
              label={t("variation seed")}
              value={seed.other}
              onChange={(other) => edit({ seed: { ...seed, other } })}
            />
          )}
        </>
      )}
    </>
  );
}

/** A whole number that may be larger than fields for numbers hold. */
function SeedNumber({
  label,
  value,
  onChange,
}: {
  label: string;
  value: Seed;
  onChange: (value: Seed) => void;
}) {
  const [text, setText] = useState<string | null>(null);
  return (
    <TextField
      label={label}
      inputMode="numeric"
      role="spinbutton"
      aria-valuenow={Number(value)}
      aria-valuetext={String(value)}
      autoComplete="off"
      value={text ?? String(value)}
      onChange={(next) => {
        setText(next);
        const number = wholeNumber(next);
        if (number !== null && isSeed(number)) onChange(number);
      }}
      onBlur={() => setText(null)}
      onKeyDown={(event) => {
        const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
        if (!by) return;
        event.preventDefault();
        setText(null);
        const next = counted(value, by);
        if (isSeed(next)) onChange(next);
      }}
    />
  );
}
