import { useState } from "react";
import type { Field } from "@/graph/expose";
import { formatJson, type Json, listOf } from "@/graph/json";
import type { Control, InputSpec } from "@/graph/types";
import { hexOf } from "@/graph/values";
import { PromptField } from "@/prompt";
import { said } from "@/texts/said";
import { useTexts } from "@/texts/texts";
import { Choice, NumberField, Select, Switch, TextArea, TextField } from "@/ui";
import { CurveControl } from "./CurveControl";
import { type Files, useOptions } from "./choices";
import type { Entry } from "./entries";
import styles from "./fields.module.css";
import { hasSlider, kindOf } from "./kinds";
import { PictureControl } from "./PictureControl";
import { SeedControl } from "./SeedControl";

/** What every control of a form is given. */
export interface ControlProps {
  label: string;
  hint: string;
  /** What is wrong with it, and how to mend it. */
  wrong: string | undefined;
  spec: InputSpec;
  value: Json;
  control: Control | null;
  files: Files;
  onChange: (entry: Entry) => void;
}

/** One field of a form, with the control that fits it. */
export function FieldControl({
  field: { port, exposed, value, control, isLinked },
  files,
  wrong,
  onChange,
}: {
  field: Field;
  files: Files;
  wrong?: string;
  onChange: (entry: Entry) => void;
}) {
  const t = useTexts("form");
  const spec = port.spec ?? { name: port.name, type: port.type };
  const label = exposed.label || plainName(port.label);
  // that a file lies in its folder helps nobody who fills in a form
  const hint = exposed.help || (spec.folder ? "" : said().text(spec.tooltip ?? ""));
  if (isLinked) return <TextField label={label} hint={t("linked")} value="" onChange={() => {}} disabled />;
  return <Fitting {...{ label, hint, wrong, spec, value, control, files, onChange }} />;
}

/** Names of inputs are the field's, as words. */
function plainName(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function Fitting(props: ControlProps) {
  const { label, hint, wrong, spec, value, onChange } = props;
  const frame = { label, hint, wrong };
  const set = (next: Json) => onChange({ value: next });
  const text = typeof value === "string" ? value : "";
  switch (kindOf(spec)) {
    case "prompt":
      return <PromptField {...frame} value={text} onChange={set} minRows={3} />;
    case "text":
      return <TextArea {...frame} value={text} onChange={set} rows={3} />;
    case "line":
      return <TextField {...frame} value={text} onChange={set} />;
    case "number":
      return <NumberControl {...props} />;
    case "seed":
      return <SeedControl {...props} />;
    case "switch":
      return <SwitchControl {...props} />;
    case "choice":
      return <ChoiceControl {...props} />;
    case "picture":
      return <PictureControl {...props} />;
    case "colour":
      return <ColourControl {...props} />;
    case "curve":
      return <CurveControl {...props} />;
    case "other":
      return (
        <TextField {...frame} value={value === null ? "" : formatJson(value)} onChange={() => {}} disabled />
      );
  }
}

function NumberControl({ label, hint, wrong, spec, value, onChange }: ControlProps) {
  const isWhole = spec.type === "INT";
  return (
    <NumberField
      {...{ label, hint, wrong }}
      value={Number(value ?? 0)}
      min={spec.minimum ?? undefined}
      max={spec.maximum ?? undefined}
      step={spec.step ?? (isWhole ? 1 : 0.01)}
      slider={hasSlider(spec)}
      onChange={(next) => onChange({ value: isWhole ? Math.round(next) : next })}
    />
  );
}

function SwitchControl({ label, hint, wrong, value, onChange }: ControlProps) {
  return (
    <Switch {...{ label, hint, wrong }} checked={value === true} onChange={(on) => onChange({ value: on })} />
  );
}

const FEW = 6; // choices, up to which a plain list is quicker than a search

function ChoiceControl({ label, hint, wrong, spec, value, files, onChange }: ControlProps) {
  const options = useOptions(spec, files);
  const names = options.map(({ value: name }) => name);
  const text = value === null ? "" : String(value);
  const set = (next: string) =>
    onChange({ value: listOf(spec.choices).find((one) => String(one) === next) ?? next });
  if (!spec.folder && names.length <= FEW && names.includes(text))
    return <Select {...{ label, hint, wrong }} value={text} options={names} onChange={set} />;
  return <Choice {...{ label, hint, wrong, options }} value={text} onChange={set} />;
}

function ColourControl({ label, hint, wrong, spec, value, onChange }: ControlProps) {
  const [text, setText] = useState<string | null>(null);
  const hex = hexOf(value);
  const take = (next: string) =>
    onChange({ value: spec.type === "INT" ? Number.parseInt(next.slice(1), 16) : next });
  return (
    <div className={styles.beside}>
      <TextField
        {...{ label, hint, wrong }}
        value={text ?? hex}
        onChange={(next) => {
          setText(next);
          if (/^#[0-9a-f]{6}$/i.test(next)) take(next);
        }}
        onBlur={() => setText(null)}
      />
      <input
        type="color"
        className={styles.colour}
        aria-label={label}
        value={hex}
        onChange={(event) => take(event.target.value)}
      />
    </div>
  );
}
