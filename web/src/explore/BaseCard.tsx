import { ImageOff, RotateCcw } from "lucide-react";
import { useState } from "react";
import { type Json, same, wholeNumber } from "@/graph/json";
import { useTexts } from "@/texts/texts";
import { Button, Choice, IconButton, Notice, NumberField, Spinner, Switch, TextArea, TextField } from "@/ui";
import { labelOf, newAxis } from "./axes";
import shared from "./explore.module.css";
import { fullNameOf, nameOf } from "./names";
import styles from "./plan.module.css";
import { SourceDialog } from "./SourceDialog";
import { fix, setAxes, useExploring } from "./store";
import type { Plan } from "./useGrid";
import { choicesOf, type Setting, withLora } from "./workflow";

/** What all pictures of the grid have in common. */
export function BaseCard({ plan, isReading }: { plan: Plan; isReading: boolean }) {
  const t = useTexts("explore");
  const base = useExploring((state) => state.base);
  const [isChoosing, setChoosing] = useState(false);
  const prompt = plan.settings.find(({ role }) => role === "positive");
  return (
    <section className={styles.base} aria-label={t("start from")}>
      <h2 className={styles.heading}>{t("start from")}</h2>
      {base ? (
        <div className={styles.baseRow}>
          <span className={styles.basePicture}>
            {base.picture ? (
              <img src={`${base.picture}?size=128`} alt="" />
            ) : (
              <ImageOff size={18} aria-hidden />
            )}
          </span>
          <div className={styles.baseWords}>
            <p className={styles.baseName}>{base.name || t("title")}</p>
            {prompt && base.name !== prompt.value && <p className={styles.clipped}>{String(prompt.value)}</p>}
          </div>
          <Button busy={isReading} onClick={() => setChoosing(true)}>
            {t("change")}
          </Button>
        </div>
      ) : isReading ? (
        <Spinner label={t("loading base")} />
      ) : (
        <div className={styles.first}>
          <p>{t("nothing yet about")}</p>
          <Button look="primary" onClick={() => setChoosing(true)}>
            {t("choose start")}
          </Button>
        </div>
      )}
      {base && <Missing plan={plan} />}
      {base && plan.settings.length > 0 && <Common plan={plan} />}
      {isChoosing && <SourceDialog onClose={() => setChoosing(false)} />}
    </section>
  );
}

/** Files that the workflow names and that are not there, with what is nearest. */
function Missing({ plan }: { plan: Plan }) {
  const t = useTexts("explore");
  const { base, fixed } = useExploring();
  const open = (base?.missing ?? []).filter(
    ({ node, input }) =>
      !(`${node}/${input}` in fixed) &&
      !plan.planned.some(({ setting }) => setting?.node === node && setting.input === input),
  );
  return open.map(({ node, input, name, nearest: [nearest] }) => (
    <Notice
      key={`${node}/${input}`}
      kind="bad"
      actions={
        nearest && (
          <Button onClick={() => fix(`${node}/${input}`, nearest)}>
            {t("use instead", { name: labelOf(nearest) })}
          </Button>
        )
      }
    >
      <p>{t("missing model", { name })}</p>
    </Notice>
  ));
}

/** Settings that all pictures share, folded away until they are wanted. */
function Common({ plan }: { plan: Plan }) {
  const t = useTexts("explore");
  const { base, fixed, axes } = useExploring();
  const [isOpen, setOpen] = useState(false);
  const loras = plan.files.loras ?? [];
  const laid = base && loras[0] ? withLora(base.workflow, loras[0]) : null;
  return (
    <details className={shared.fold} open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("same for all")}</summary>
      {isOpen && (
        <div className={styles.folded}>
          <p className={shared.small}>{t("same for all about")}</p>
          {plan.settings
            .filter(({ key }) => !axes.some(({ setting }) => setting === key))
            .map((setting) => (
              <div key={setting.key} className={styles.common}>
                <Literal setting={setting} plan={plan} onChange={(value) => fix(setting.key, value)} />
                {setting.key in fixed && (
                  <IconButton
                    icon={RotateCcw}
                    label={`${nameOf(setting, t)}: ${t("put back")}`}
                    onClick={() => fix(setting.key, undefined)}
                  />
                )}
              </div>
            ))}
          {laid && base && axes.length < 3 && (
            <Button
              onClick={() => {
                const [node] = Object.keys(laid).filter((key) => !(key in base.workflow));
                const kept = { node: node ?? "", title: "", role: "", spec: null } as const;
                const setting = {
                  ...kept,
                  key: `${node}/strength_model`,
                  input: "strength_model",
                  kind: "number",
                  value: 1,
                } as const;
                useExploring.setState({ base: { ...base, workflow: laid } });
                setAxes([...axes, newAxis(setting, plan.files, { list: "0, 0.5, 1" })]);
              }}
            >
              {t("add lora")}
            </Button>
          )}
        </div>
      )}
    </details>
  );
}

/** A field for any value of a workflow. */
function Literal({
  setting,
  plan,
  onChange,
}: {
  setting: Setting;
  plan: Plan;
  onChange: (value: Json) => void;
}) {
  const t = useTexts("explore");
  const label = fullNameOf(setting, t);
  const { value, spec, kind } = setting;
  if (kind === "switch") return <Switch label={label} checked={value === true} onChange={onChange} />;
  if (kind === "choice") {
    const choices = choicesOf(setting, plan.files);
    return (
      <Choice
        label={label}
        value={String(value)}
        options={choices.map((choice) => ({ value: String(choice), label: labelOf(choice) }))}
        onChange={(text) => onChange(choices.find((choice) => String(choice) === text) ?? text)}
      />
    );
  }
  if (kind === "text") {
    const text = String(value);
    return spec?.multiline ? (
      <TextArea label={label} rows={2} value={text} onChange={onChange} />
    ) : (
      <TextField label={label} value={text} onChange={onChange} />
    );
  }
  if (kind === "seed") return <SeedField label={label} value={value} onChange={onChange} />;
  return (
    <NumberField
      label={label}
      value={Number(value)}
      min={spec?.minimum ?? undefined}
      max={spec?.maximum ?? undefined}
      step={spec?.step ?? (spec?.type === "INT" ? 1 : 0.01)}
      onChange={(number) => !same(number, value) && onChange(number)}
    />
  );
}

/** Seeds have more digits than a number of the browser holds, so they are typed as text. */
function SeedField({
  label,
  value,
  onChange,
}: {
  label: string;
  value: Json;
  onChange: (value: Json) => void;
}) {
  const [text, setText] = useState<string | null>(null);
  return (
    <TextField
      label={label}
      inputMode="numeric"
      value={text ?? String(value)}
      onChange={(typed) => {
        setText(typed);
        const number = wholeNumber(typed);
        if (number !== null && !String(number).startsWith("-")) onChange(number);
      }}
      onBlur={() => setText(null)}
    />
  );
}
