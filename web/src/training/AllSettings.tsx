import { useEffect, useMemo, useState } from "react";
import type { Schemas } from "@/api/client";
import { said } from "@/texts/said";
import { useTexts } from "@/texts/texts";
import { NumberField, Select, Switch, TextArea, TextField } from "@/ui";
import { type Draft, put } from "./draft";
import { type Field, kindsOf, read, tablesOf, typed, type Values, valueAt } from "./settings";
import styles from "./training.module.css";
import { useTelling } from "./useTelling";

/** Everything that a run can be told, made from what the server says of it. */
export function AllSettings({
  form,
  values,
  draft,
  wrong,
  isWrong,
}: {
  form: Schemas["TrainingForm"];
  values: Values;
  draft: Draft;
  /** What is wrong with a setting. */
  wrong: (path: string) => string | undefined;
  /** The setting that was refused; empty where none was. */
  isWrong: string;
}) {
  const t = useTexts("training");
  const { kindOf, tableOf } = useTelling();
  const kind = String(valueAt(values, "kind") ?? "lora");
  const tables = useMemo(() => tablesOf(form.settings_schema, kind), [form, kind]);
  const isHere =
    isWrong === "kind" || tables.some(({ fields }) => fields.some(({ path }) => path === isWrong));
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    if (isHere) setOpen(true);
  }, [isHere]);
  return (
    <details className={styles.all} open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("all settings")}</summary>
      {isOpen && (
        <div className={styles.tables}>
          <Select
            label={t("what it makes")}
            value={kind}
            wrong={wrong("kind")}
            options={kindsOf(form.settings_schema).map((value) => ({ value, label: kindOf(value) }))}
            onChange={(value) => put("kind", value)}
          />
          {tables.map((table) => (
            <fieldset key={table.name} className={styles.table}>
              <legend>{tableOf(table.name)}</legend>
              {table.about && <p className={styles.quiet}>{said().text(table.about)}</p>}
              {table.fields.map((field) => (
                <Control
                  key={field.path}
                  field={field}
                  value={valueAt(values, field.path)}
                  isOwn={valueAt(draft.changes, field.path) !== undefined}
                  wrong={wrong(field.path)}
                />
              ))}
            </fieldset>
          ))}
        </div>
      )}
    </details>
  );
}

interface Controlled {
  field: Field;
  value: unknown;
  /** Whether it was set by hand. */
  isOwn: boolean;
  wrong: string | undefined;
}

function Control({ field, value, isOwn, wrong }: Controlled) {
  const t = useTexts("training");
  const { settingOf } = useTelling();
  const { path, kind, min, max } = field;
  const frame = {
    label: settingOf(path),
    hint: said().text(field.about),
    ...(wrong ? { wrong } : {}),
    aside: isOwn && (
      <button type="button" className={styles.back} onClick={() => put(path, undefined)}>
        {t("take back")}
      </button>
    ),
  };
  const take = (next: unknown) => put(path, next);
  switch (kind) {
    case "switch":
      return (
        <Switch
          label={frame.label}
          hint={frame.hint}
          {...(wrong ? { wrong } : {})}
          checked={value === true}
          onChange={take}
        />
      );
    case "choice":
      return <Select {...frame} value={String(value)} options={field.choices} onChange={take} />;
    case "whole":
    case "number":
      return (
        <NumberField
          {...frame}
          value={Number(value)}
          {...(min === undefined ? {} : { min })}
          {...(max === undefined ? {} : { max })}
          step={field.step ?? 0.1}
          onChange={take}
        />
      );
    default:
      return <Typed frame={frame} field={field} value={value} />;
  }
}

/** A list or a table as text; what cannot be read is said, and not taken. */
function Typed({
  frame,
  field,
  value,
}: {
  frame: { label: string; hint: string; wrong?: string };
  field: Field;
  value: unknown;
}) {
  const t = useTexts("training");
  const [text, setText] = useState<string | null>(null); // while it is typed
  const shown = text ?? typed(value);
  const isBad = text !== null && read(text, field) === undefined;
  const props = {
    ...frame,
    ...(isBad ? { wrong: t("cannot be read") } : {}),
    value: shown,
    onBlur: () => !isBad && setText(null),
    onChange: (next: string) => {
      setText(next);
      const found = read(next, field);
      if (found !== undefined) put(field.path, found);
    },
  };
  if (field.kind === "lines")
    return (
      <TextArea
        {...props}
        hint={`${frame.hint} ${t("one a line")}`.trim()}
        rows={Math.min(6, shown.split("\n").length + 1)}
      />
    );
  return field.kind === "map" ? (
    <TextArea {...props} rows={2} placeholder="attn2 = 16" />
  ) : (
    <TextField {...props} />
  );
}
