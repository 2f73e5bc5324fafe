import { Dices, X } from "lucide-react";
import { useMemo } from "react";
import { useTexts } from "@/texts/texts";
import { Button, Choice, IconButton, NumberField, Switch, TextArea, TextField } from "@/ui";
import { type Axis, newAxis, randomSeeds, waysOf } from "./axes";
import { ChoicePicker } from "./ChoicePicker";
import shared from "./explore.module.css";
import { aboutOf, fullNameOf, wrongOf } from "./names";
import styles from "./plan.module.css";
import type { Plan, Planned } from "./useGrid";
import { choicesOf, type Setting } from "./workflow";

/** One direction of the grid: which setting, and which values. */
export function AxisEditor({
  planned: { axis, setting, result },
  plan,
  direction,
  onChange,
  onRemove,
}: {
  planned: Planned;
  plan: Plan;
  direction: "columns" | "rows" | "pages";
  onChange: (axis: Axis) => void;
  onRemove: () => void;
}) {
  const t = useTexts("explore");
  const options = useMemo(
    () =>
      plan.settings.map((one) => ({
        value: one.key,
        label: fullNameOf(one, t),
        about: String(one.value).slice(0, 24),
      })),
    [plan.settings, t],
  );
  const ways = setting ? waysOf(setting) : [];
  const about = setting ? aboutOf(setting, t) : "";
  return (
    <fieldset className={styles.axis}>
      <legend className={styles.legend}>
        {t(direction)}
        {result && !result.wrong && (
          <span className={shared.small}> {t("values", { n: result.values.length })}</span>
        )}
      </legend>
      <IconButton icon={X} label={t("remove")} className={styles.remove} onClick={onRemove} />
      <Choice
        label={`${t(direction)}: ${t("vary")}`}
        bare
        value={axis.setting}
        options={options}
        placeholder={t("choose input")}
        onChange={(key) => {
          const chosen = plan.settings.find((one) => one.key === key);
          if (chosen && key !== axis.setting) onChange(newAxis(chosen, plan.files));
        }}
      />
      {about && <p className={shared.small}>{about}</p>}
      {setting && (
        <>
          {ways.length > 1 && (
            <fieldset aria-label={t("way")} className={shared.ways}>
              {ways.map((way) => (
                <button
                  key={way}
                  type="button"
                  className={shared.way}
                  aria-pressed={axis.way === way}
                  onClick={() => onChange({ ...axis, way })}
                >
                  {t(`way ${way}`)}
                </button>
              ))}
            </fieldset>
          )}
          <Fields axis={axis} setting={setting} plan={plan} onChange={onChange} />
          {result?.wrong && (
            <p className={shared.wrong} role="alert">
              {wrongOf(result.wrong, t)}
            </p>
          )}
        </>
      )}
    </fieldset>
  );
}

function Fields({
  axis,
  setting,
  plan,
  onChange,
}: {
  axis: Axis;
  setting: Setting;
  plan: Plan;
  onChange: (axis: Axis) => void;
}) {
  const t = useTexts("explore");
  const put = (part: Partial<Axis>) => onChange({ ...axis, ...part });
  const isWhole = setting.spec?.type === "INT";
  const grain = isWhole ? 1 : (setting.spec?.step ?? 0.1);
  switch (axis.way) {
    case "list":
      return <TextField label={t("numbers")} value={axis.list} onChange={(list) => put({ list })} />;
    case "range":
      return (
        <div className={styles.three}>
          <NumberField label={t("from")} value={axis.from} step={grain} onChange={(from) => put({ from })} />
          <NumberField label={t("to")} value={axis.to} step={grain} onChange={(to) => put({ to })} />
          <NumberField label={t("step")} value={axis.step} step={grain} onChange={(step) => put({ step })} />
        </div>
      );
    case "random":
      return (
        <div className={shared.row}>
          <NumberField
            label={t("how many seeds")}
            min={1}
            max={100}
            value={axis.seeds.length}
            onChange={(count) =>
              put({
                seeds: [...axis.seeds, ...randomSeeds(Math.max(0, count - axis.seeds.length))].slice(
                  0,
                  count,
                ),
              })
            }
          />
          <Button icon={Dices} onClick={() => put({ seeds: randomSeeds(axis.seeds.length) })}>
            {t("new seeds")}
          </Button>
        </div>
      );
    case "choose":
      return (
        <ChoicePicker
          choices={setting.kind === "switch" ? [false, true] : choicesOf(setting, plan.files)}
          chosen={axis.chosen}
          onChange={(chosen) => put({ chosen })}
        />
      );
    case "replace":
      return (
        <>
          <TextField label={t("find")} value={axis.find} onChange={(find) => put({ find })} />
          <TextField label={t("replace by")} value={axis.by} onChange={(by) => put({ by })} />
          <Switch label={t("keep original")} checked={axis.keep} onChange={(keep) => put({ keep })} />
        </>
      );
    case "lines":
      return <TextArea label={t("texts")} rows={4} value={axis.lines} onChange={(lines) => put({ lines })} />;
  }
}
