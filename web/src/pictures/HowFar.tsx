import { type LiveJob, progressOf } from "@/live/jobs";
import { durationText } from "@/texts/measures";
import { useLanguage, useTexts } from "@/texts/texts";
import { Progress } from "@/ui";
import styles from "./howFar.module.css";

/** How far a picture is that is being made, in words and as a bar. */
export function HowFar({ job, open = 1 }: { job: LiveJob; open?: number }) {
  const t = useTexts("pictures");
  const { language } = useLanguage();
  const { share, seconds } = progressOf(job);
  const step = job.steps[job.node];
  const words = [
    job.view.state === "queued"
      ? t("waits")
      : step
        ? t("step", { at: step.value, of: step.total })
        : t("getting ready"),
    seconds !== null && t("time left", { time: durationText(seconds, language) }),
    open > 1 && t("pictures left", { n: open }),
  ].filter(Boolean);
  return (
    <div className={styles.far}>
      <p>{words.join(" · ")}</p>
      <Progress label={t("progress")} value={share} />
    </div>
  );
}
