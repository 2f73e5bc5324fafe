import { useQuery } from "@tanstack/react-query";
import { GraduationCap, Plus } from "lucide-react";
import { failure } from "@/api/client";
import { useTexts } from "@/texts/texts";
import { Button, buttonClass, cardClass, classes, Empty, Progress, Spinner, Trouble } from "@/ui";
import { addressOf } from "./place";
import { isGoing, type Run, runsQuery } from "./requests";
import styles from "./training.module.css";
import { useTelling } from "./useTelling";

/** All runs, the newest first. */
export function RunList({ onNew }: { onNew: () => void }) {
  const t = useTexts("training");
  const runs = useQuery(runsQuery);
  const isEmpty = runs.data?.length === 0;
  return (
    <section className={styles.list} aria-label={t("training")}>
      <header className={styles.head}>
        <h1>{t("training")}</h1>
        {!isEmpty && (
          <a className={classes(buttonClass, styles.newRun)} href={`#${addressOf({ at: "new" })}`}>
            <Plus size={16} aria-hidden />
            {t("train new")}
          </a>
        )}
      </header>
      {runs.error ? (
        <Trouble failure={failure(runs.error)} />
      ) : isEmpty ? (
        <div className={styles.wait}>
          <Empty icon={GraduationCap} title={t("empty")}>
            <p className={styles.emptyAbout}>{t("empty about")}</p>
            <Button look="primary" large icon={Plus} onClick={onNew}>
              {t("train new")}
            </Button>
          </Empty>
        </div>
      ) : runs.data ? (
        <ul className={styles.runs}>
          {runs.data.map((run) => (
            <li key={run.name}>
              <RunCard run={run} />
            </li>
          ))}
        </ul>
      ) : (
        <div className={styles.wait}>
          <Spinner label={t("loading")} />
        </div>
      )}
    </section>
  );
}

function RunCard({ run }: { run: Run }) {
  const t = useTexts("training");
  const { stateOf, kindOf, leftOf, lossOf } = useTelling();
  const facts = [leftOf(run), lossOf(run)].filter(Boolean);
  return (
    <a className={classes(cardClass, styles.card)} href={`#${addressOf({ at: "run", name: run.name })}`}>
      {run.sample ? (
        <img src={`${run.sample}?size=256`} alt="" loading="lazy" />
      ) : (
        <span className={styles.blank}>
          <GraduationCap size={28} strokeWidth={1.4} aria-hidden />
        </span>
      )}
      <span className={styles.cardHead}>
        <strong>{run.name}</strong>
        <span className={styles.state} data-state={run.state}>
          {stateOf(run)}
        </span>
      </span>
      <small>{[kindOf(run.kind), run.checkpoint.replace(/\.\w+$/, "")].filter(Boolean).join(" · ")}</small>
      {run.steps > 0 && (
        <>
          <Progress label={t("progress of", { name: run.name })} value={run.step / run.steps} />
          <small className={styles.numbers}>
            {[t("step of", { step: run.step, steps: run.steps }), ...facts].join(" · ")}
          </small>
        </>
      )}
      {run.error && !isGoing(run) && <small className={styles.wrong}>{run.error.what}</small>}
    </a>
  );
}
