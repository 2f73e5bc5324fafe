import { useQuery, useQueryClient } from "@tanstack/react-query";
import { CopyPlus, Grid3x3, Play, Sparkles, Square, Trash2 } from "lucide-react";
import { useEffect, useState } from "react";
import { Failure, failure } from "@/api/client";
import { isOpen, useJob } from "@/live/jobs";
import big from "@/pictures/big.module.css";
import { Fact } from "@/pictures/RecipeParts";
import { sizeText } from "@/texts/measures";
import { said } from "@/texts/said";
import { useLanguage, useTexts } from "@/texts/texts";
import { attempt, Button, Dialog, Head, IconButton, Progress, Spinner, say, Trouble } from "@/ui";
import { Curves } from "./Curves";
import { compareStrengths, isLora, openInCreate, wishOf } from "./doing";
import { startFrom } from "./draft";
import { Part } from "./Part";
import {
  deleteRun,
  formQuery,
  isGoing,
  publishResult,
  type RunDetails,
  runQuery,
  runsQuery,
  startRun,
  stopRun,
} from "./requests";
import { SampleStrip } from "./SampleStrip";
import { differing, typed } from "./settings";
import styles from "./training.module.css";
import { useLeaving } from "./useLeaving";
import { useTelling } from "./useTelling";

/** A run: how far it is, how it goes, and what can be done with what it has made. */
export function RunPage({ name, onLeave, onNew }: { name: string; onLeave: () => void; onNew: () => void }) {
  const t = useTexts("training");
  const form = useQuery(formQuery);
  const run = useQuery(runQuery(name));
  const { kindOf } = useTelling();
  const [isAsking, setAsking] = useState(false);
  const [isRemoving, setRemoving] = useState(false);
  useLeaving(onLeave);
  useEffect(() => {
    document.title = `${name} · Safelight`;
  }, [name]);
  async function remove() {
    setAsking(false);
    setRemoving(true);
    const done = await attempt(async () => {
      await deleteRun(name);
      return true;
    });
    setRemoving(false);
    if (!done) return;
    say(t("removed run", { name }));
    onLeave();
  }
  const isBusy = run.data !== undefined && isGoing(run.data);
  return (
    <section className={styles.page} aria-label={name}>
      <Head
        title={name}
        about={run.data && [kindOf(run.data.kind), run.data.checkpoint].filter(Boolean).join(" · ")}
        onBack={onLeave}
        actions={
          <>
            <IconButton
              icon={CopyPlus}
              label={t("like this")}
              disabled={!run.data || !form.data}
              onClick={() => {
                if (!run.data || !form.data) return;
                startFrom(run.data.settings, form.data);
                onNew();
              }}
            />
            <IconButton
              icon={Trash2}
              label={isBusy ? t("stop before removing") : t("remove run")}
              disabled={isBusy}
              busy={isRemoving}
              onClick={() => setAsking(true)}
            />
          </>
        }
      />
      {isAsking && (
        <Dialog
          title={t("remove run")}
          onClose={() => setAsking(false)}
          actions={
            <>
              <Button onClick={() => setAsking(false)}>{t("keep run")}</Button>
              <Button look="danger" onClick={() => void remove()}>
                {t("remove run")}
              </Button>
            </>
          }
        >
          <p>{t("remove run about")}</p>
        </Dialog>
      )}
      {run.data ? (
        <Body run={run.data} />
      ) : run.error ? (
        <div className={styles.inner}>
          <Trouble failure={failure(run.error)} />
        </div>
      ) : (
        <div className={styles.wait}>
          <Spinner label={t("loading")} />
        </div>
      )}
    </section>
  );
}

function Body({ run }: { run: RunDetails }) {
  const t = useTexts("training");
  useNews(run);
  return (
    <div className={styles.inner}>
      <div className={styles.main}>
        <Standing run={run} />
        <Part title={t("samples")} about={t("samples about")}>
          <SampleStrip run={run} />
        </Part>
        {run.course.steps.length > 1 && <Curves course={run.course} />}
      </div>
      <aside className={styles.aside} aria-label={t("about run")}>
        <Facts run={run} />
      </aside>
    </div>
  );
}

/** How far it is, and what can be done now. */
function Standing({ run }: { run: RunDetails }) {
  const t = useTexts("training");
  const { stateOf, leftOf, lossOf, memoryOf, tookOf } = useTelling();
  const [busy, setBusy] = useState("");
  async function act(what: string, doing: () => Promise<void>) {
    setBusy(what);
    await attempt(doing);
    setBusy("");
  }
  const step = useStep(run);
  const isOn = isGoing(run);
  const canUse = !isOn && wishOf(run) !== null;
  return (
    <section className={styles.standing} aria-label={t("state")}>
      <div className={styles.standingHead}>
        <p className={styles.stateLarge} data-state={run.state} role="status">
          {run.state === "running" && step === 0 ? t("preparing") : stateOf(run)}
        </p>
        <div className={styles.acts}>
          {canUse && (
            <Button look="primary" icon={Sparkles} onClick={() => openInCreate(run)}>
              {t("use it")}
            </Button>
          )}
          {canUse && isLora(run) && (
            <Button
              icon={Grid3x3}
              busy={busy === "compare"}
              onClick={() => void act("compare", () => compareStrengths(run, run.name))}
            >
              {t("compare strengths")}
            </Button>
          )}
          {isOn ? (
            <Button
              icon={Square}
              busy={busy === "stop"}
              onClick={() => void act("stop", () => stopRun(run.name))}
            >
              {t("stop")}
            </Button>
          ) : (
            run.state !== "done" && (
              <Button
                look={canUse ? "plain" : "primary"}
                icon={Play}
                busy={busy === "start"}
                onClick={() => void act("start", () => startRun(run.name))}
              >
                {run.step ? t("go on") : t("begin")}
              </Button>
            )
          )}
        </div>
      </div>
      <Progress label={t("progress of", { name: run.name })} value={run.steps ? step / run.steps : 0} />
      <p className={styles.numbers}>
        {[
          t("step of", { step, steps: run.steps }),
          leftOf(run),
          lossOf(run),
          memoryOf(run),
          !isOn && run.seconds > 0 ? t("took", { time: tookOf(run) }) : "",
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      {run.error && !isOn && (
        <Trouble failure={new Failure({ what: run.error.what, mend: run.error.mend }, 0)} />
      )}
      {run.state === "failed" && <p className={styles.quiet}>{t("failed about")}</p>}
      {run.state === "stopped" && <p className={styles.quiet}>{t("stopped about")}</p>}
      {run.state === "done" && run.result && (
        <p className={styles.quiet}>{t("saved as", { file: run.result })}</p>
      )}
    </section>
  );
}

/** A result of the way; used, it becomes a file among the models, and Create opens with it if it has a place for it. */
function Result({ run, step, bytes }: { run: RunDetails; step: number; bytes: number }) {
  const t = useTexts("training");
  const { language } = useLanguage();
  const [isBusy, setBusy] = useState(false);
  async function take() {
    setBusy(true);
    await attempt(async () => {
      const made = { ...run, result: await publishResult(run.name, step) };
      say(t("saved as", { file: made.result }));
      openInCreate(made);
    });
    setBusy(false);
  }
  return (
    <li className={styles.result}>
      <span>{t("step", { step })}</span>
      <span className={styles.quiet}>{sizeText(bytes, language)}</span>
      <IconButton icon={Sparkles} label={t("use step", { step })} busy={isBusy} onClick={() => void take()} />
    </li>
  );
}

function Facts({ run }: { run: RunDetails }) {
  const t = useTexts("training");
  const { settingOf, tableOf } = useTelling();
  const form = useQuery(formQuery);
  const { settings } = run;
  const changed = form.data ? differing(settings, form.data.defaults) : [];
  const shown = changed.filter(([path]) => path !== "data.folder" && path !== "data.trigger");
  return (
    <>
      <Part title={t("pictures")}>
        <dl className={big.facts}>
          <Fact name={t("folder")}>{settings.data.folder}</Fact>
          {settings.data.trigger && <Fact name={t("trigger")}>{settings.data.trigger}</Fact>}
        </dl>
        {run.report.length > 0 && (
          <ul className={styles.report}>
            {run.report.map((line, place) => (
              <li key={place}>{said().text(line)}</li>
            ))}
          </ul>
        )}
      </Part>
      {shown.length > 0 && (
        <Part title={t("settings changed")}>
          <dl className={big.facts}>
            {shown.map(([path, value]) => (
              <Fact key={path} name={`${tableOf(path.split(".")[0] ?? "")}: ${settingOf(path)}`}>
                {typeof value === "boolean" ? t(value ? "yes" : "no") : typed(value)}
              </Fact>
            ))}
          </dl>
        </Part>
      )}
      {run.results.length > 0 && (
        <Part title={t("results")} about={t("results about")}>
          <ul className={styles.results}>
            {run.results.map((result) => (
              <Result key={result.step} run={run} {...result} />
            ))}
          </ul>
        </Part>
      )}
    </>
  );
}

/** The step that a run is at: as the stream tells it, which is sooner than the log. */
function useStep(run: RunDetails): number {
  const job = useJob(isGoing(run) ? run.job : null);
  const told = job?.steps[job.node];
  return told && told.total === run.steps ? Math.max(run.step, told.value) : run.step;
}

/** Ask anew at once when the job of a run has ended or begun. */
function useNews({ name, job: id, state }: RunDetails): void {
  const client = useQueryClient();
  const view = useJob(id)?.view;
  const told = view && (isOpen(view) ? view.state : "over");
  const isOld = told !== undefined && told !== (state === "queued" || state === "running" ? state : "over");
  useEffect(() => {
    if (!isOld) return;
    void client.invalidateQueries({ queryKey: runQuery(name).queryKey });
    void client.invalidateQueries({ queryKey: runsQuery.queryKey });
  }, [isOld, name, client]);
}
