import { useQuery } from "@tanstack/react-query";
import { Eraser, Play } from "lucide-react";
import { useState } from "react";
import { type Failure, failure, type Schemas } from "@/api/client";
import { modelsQuery } from "@/api/queries";
import { OneOf } from "@/settings/parts";
import { durationText } from "@/texts/measures";
import { said } from "@/texts/said";
import { useLanguage, useTexts } from "@/texts/texts";
import { Button, Choice, Head, IconButton, NumberField, Spinner, sayFailure, TextField, Trouble } from "@/ui";
import { AllSettings } from "./AllSettings";
import { choosePreset, type Draft, put, startAnew, useDraft, usual, wanted } from "./draft";
import { Pictures } from "./Pictures";
import { createRun, dataQuery, formQuery, type Run, runsQuery, startRun } from "./requests";
import { hasCheckpoint, merged, named, valueAt } from "./settings";
import styles from "./training.module.css";
import { useLeaving } from "./useLeaving";

const MOST_STEPS = 4000; // of the slider; more can be typed
const TELLING = 10; // steps of a run, from which on one can tell how long one takes
const SHOWN_AT_FIRST = 200; // pictures

type Form = Schemas["TrainingForm"];

/** What is to be learned, from which pictures, and how long. */
export function NewRun({ onLeave, onBegun }: { onLeave: () => void; onBegun: (name: string) => void }) {
  const t = useTexts("training");
  const form = useQuery(formQuery);
  useLeaving(onLeave);
  return (
    <section className={styles.page} aria-label={t("train new")}>
      <Head
        title={t("train new")}
        onBack={onLeave}
        actions={<IconButton icon={Eraser} label={t("start anew")} onClick={startAnew} />}
      />
      {form.data ? (
        <Preparing form={form.data} onBegun={onBegun} />
      ) : form.error ? (
        <div className={styles.inner}>
          <Trouble failure={failure(form.error)} />
        </div>
      ) : (
        <div className={styles.wait}>
          <Spinner label={t("loading")} />
        </div>
      )}
    </section>
  );
}

function Preparing({ form, onBegun }: { form: Form; onBegun: (name: string) => void }) {
  const t = useTexts("training");
  const draft = useDraft();
  const values = merged(usual(form, draft.preset), draft.changes);
  const text = (path: string) => String(valueAt(values, path) ?? "");
  const folder = text("data.folder");
  const [most, setMost] = useState(SHOWN_AT_FIRST);
  const data = useQuery({ ...dataQuery(folder, most), enabled: folder !== "" });
  const [refused, setRefused] = useState<Failure | null>(null);
  const [isBusy, setBusy] = useState(false);
  const problem = refused ? named(refused.message) : null;
  const wrong = (path: string) => (problem?.path === path ? said().text(problem.why) : undefined);
  const name = text("name").trim();
  const total = data.data?.total ?? 0;
  const lacking = [...(name ? [] : [t("lacks name")]), ...(total ? [] : [t("lacks pictures")])];

  async function begin() {
    setBusy(true);
    setRefused(null);
    try {
      const run = await createRun(merged(wanted(form, draft), { name }));
      await startRun(run.name).catch(sayFailure); // it is there, and can be begun on its page
      startAnew();
      onBegun(run.name);
    } catch (error) {
      setRefused(failure(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <div className={styles.preparing}>
      <div className={styles.panel}>
        <OneOf
          label={t("what to learn")}
          value={draft.preset}
          options={form.presets.map(({ name: value, title, about }) => ({
            value,
            label: said().text(title),
            about: said().text(about),
          }))}
          onChange={choosePreset}
        />
        <TextField
          label={t("name")}
          hint={t("name about")}
          placeholder={t("name example")}
          maxLength={80}
          wrong={wrong("name")}
          value={text("name")}
          onChange={(value) => put("name", value)}
        />
        <TextField
          label={t("trigger")}
          hint={t("trigger about")}
          placeholder={t("trigger example")}
          wrong={wrong("data.trigger")}
          value={text("data.trigger")}
          onChange={(value) => put("data.trigger", value || undefined)}
        />
        {hasCheckpoint(text("kind")) && <Checkpoint value={text("checkpoint")} wrong={wrong("checkpoint")} />}
        <NumberField
          label={t("steps")}
          min={1}
          slider={[50, MOST_STEPS]}
          step={50}
          value={Number(valueAt(values, "run.steps"))}
          wrong={wrong("run.steps")}
          hint={useEstimate(values, total)}
          onChange={(steps) => put("run.steps", steps)}
        />
        <AllSettings form={form} values={values} draft={draft} wrong={wrong} isWrong={problem?.path ?? ""} />
      </div>
      <Pictures
        name={name}
        folder={folder}
        data={data.data}
        error={data.error}
        onFolder={(found) => put("data.folder", found || undefined)}
        onMore={() => setMost(most + SHOWN_AT_FIRST)}
      />
      <div className={styles.begin}>
        {refused && <Trouble failure={refused} />}
        <Button
          look="primary"
          large
          icon={Play}
          busy={isBusy}
          disabled={lacking.length > 0}
          onClick={() => void begin()}
        >
          {t("begin")}
        </Button>
        {lacking.length > 0 && <p className={styles.quiet}>{t("lacking", { what: lacking.join(", ") })}</p>}
      </div>
    </div>
  );
}

function Checkpoint({ value, wrong }: { value: string; wrong: string | undefined }) {
  const t = useTexts("training");
  const models = useQuery(modelsQuery("checkpoints"));
  return (
    <Choice
      label={t("checkpoint")}
      hint={t("checkpoint about")}
      {...(wrong ? { wrong } : {})}
      value={value}
      options={(models.data ?? []).map(({ name, about }) => ({ value: name, about: said().text(about) }))}
      onChange={(name) => put("checkpoint", name)}
    />
  );
}

/** How long the steps will be, in words that need no knowledge of training. */
function useEstimate(values: Draft["changes"], pictures: number): string {
  const t = useTexts("training");
  const { language } = useLanguage();
  const runs = useQuery(runsQuery);
  const [steps, batch] = [Number(valueAt(values, "run.steps")), Number(valueAt(values, "run.batch"))];
  const pace = paceOf(
    runs.data ?? [],
    String(valueAt(values, "checkpoint")),
    String(valueAt(values, "kind")),
  );
  return [
    pictures ? t("seen", { n: Math.max(1, Math.round((steps * batch) / pictures)) }) : t("steps about"),
    pace ? t("takes", { time: durationText(steps * pace, language) }) : "",
  ]
    .filter(Boolean)
    .join(language === "zh" ? "" : " ");
}

/** Seconds that a step took in the newest run of the same kind; null where there was none. */
function paceOf(runs: readonly Run[], checkpoint: string, kind: string): number | null {
  const run = runs.find((one) => one.checkpoint === checkpoint && one.kind === kind && one.step >= TELLING);
  return run ? run.seconds / run.step : null;
}
