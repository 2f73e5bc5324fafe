import { ImageUp, SlidersHorizontal } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { failure } from "@/api/client";
import { takeOver, useHandover } from "@/app/handover";
import { useTexts } from "@/texts/texts";
import { Spinner, Trouble } from "@/ui";
import { Composer } from "./Composer";
import { useCheckpoint } from "./checkpoints";
import styles from "./create.module.css";
import { useDropped } from "./dropping";
import { takeSettings } from "./making";
import { useResults, useRun } from "./results";
import { Settings } from "./Settings";
import { Stage } from "./Stage";
import { StageBar } from "./StageBar";
import { Strip } from "./Strip";
import { choose, useStudio } from "./store";
import { ratioOfWish, shareOf, subjectOf } from "./subject";

const Lightbox = lazy(() => import("./Lightbox"));
const PHONE = "(max-width: 720px)";

/** The first page: words, and the picture that they become. */
export default function CreateView() {
  const t = useTexts("create");
  const checkpoint = useCheckpoint();
  const run = useRun();
  const results = useResults();
  const chosen = useStudio((studio) => studio.chosen);
  const sent = useStudio((studio) => studio.sent);
  const start = useStudio(({ form }) => form.start);
  const subject = subjectOf(chosen, run, results.pictures);
  const [isBig, setBig] = useState(false);
  const { isOver, isBusy } = useDropped();
  useHandedSettings();
  useTitle(shareOf(run));
  const wish = subject?.kind === "job" ? sent[subject.job.id] : undefined;
  const ofStart = start?.width && start.height ? start.width / start.height : 1;
  const ratio = ratioOfWish(wish, checkpoint.native) ?? ofStart;
  const state = subject?.kind === "job" ? subject.job.view.state : subject ? "done" : "empty";
  const open = () => setBig(true);
  return (
    <div className={styles.create} data-shows={state}>
      <h1 className="sr-only">{t("heading")}</h1>
      <Composer checkpoint={checkpoint.name} />
      <SettingsColumn>
        <Settings checkpoint={checkpoint} />
      </SettingsColumn>
      <section className={styles.middle} aria-label={t("picture")}>
        {results.error && !subject ? (
          <Trouble failure={failure(results.error)} />
        ) : (
          <Stage subject={subject} ratio={ratio} isFirst={results.areNone} onOpen={open} />
        )}
        <StageBar subject={subject} run={run} onOpen={open} />
      </section>
      <Strip subject={subject} run={run} results={results} onOpen={open} />
      <p className="sr-only" role="status">
        {run.length > 0 &&
          (state === "running" || state === "done" || state === "failed") &&
          t(`said ${state}`)}
      </p>
      {(isOver || isBusy) && (
        <div className={styles.over}>
          <div>
            {isBusy ? <Spinner label={t("bringing")} /> : <ImageUp size={40} strokeWidth={1.4} aria-hidden />}
            <p>{isBusy ? t("bringing") : t("drop here")}</p>
          </div>
        </div>
      )}
      {isBig && subject?.kind === "picture" && (
        <Suspense>
          <Lightbox
            asset={subject.asset}
            pictures={results.pictures}
            onShow={(asset) => choose({ asset })}
            onClose={() => setBig(false)}
          />
        </Suspense>
      )}
    </div>
  );
}

/** The settings: a column, or on a phone a part of the page that folds out. */
function SettingsColumn({ children }: { children: React.ReactNode }) {
  const t = useTexts("create");
  const [isPhone, setPhone] = useState(() => matchMedia(PHONE).matches);
  useEffect(() => {
    const media = matchMedia(PHONE);
    const onChange = () => setPhone(media.matches);
    media.addEventListener("change", onChange);
    return () => media.removeEventListener("change", onChange);
  }, []);
  return isPhone ? (
    <details className={styles.folded}>
      <summary>
        <SlidersHorizontal size={16} aria-hidden /> {t("settings")}
      </summary>
      {children}
    </details>
  ) : (
    <section className={styles.settings} aria-label={t("settings")}>
      {children}
    </section>
  );
}

/** Takes the settings that another view hands over. */
function useHandedSettings(): void {
  const handed = useHandover((handover) => handover.create);
  useEffect(() => {
    if (handed && takeOver("create")) takeSettings(handed);
  }, [handed]);
}

/** Says in the window's title how far it is. */
function useTitle(share: number | null): void {
  const percent = share === null ? null : Math.round(share * 100);
  useEffect(() => {
    if (percent === null) return;
    const usual = document.title.replace(/^\d+ % · /, "");
    document.title = `${percent} % · ${usual}`;
    return () => {
      document.title = document.title.replace(/^\d+ % · /, "");
    };
  }, [percent]);
}
