import { CircleCheck, CircleSlash, Clock, Download, Image as ImageIcon, X } from "lucide-react";
import { type Ref, useState } from "react";
import { type Asset, Failure } from "@/api/client";
import { isOpen, type LiveJob, useLive } from "@/live/jobs";
import { useSteady } from "@/live/steady";
import { HowFar } from "@/pictures/HowFar";
import { PictureDialog } from "@/pictures/PictureDialog";
import { durationText } from "@/texts/measures";
import { useLanguage, useTexts } from "@/texts/texts";
import { Button, buttonClass, Empty, Spinner, Trouble } from "@/ui";
import styles from "./result.module.css";
import { Strip } from "./Strip";
import { othersOf, type Subject, subjectOf } from "./subject";
import type { FormState } from "./useForm";

/** What is being made with a form as it develops, and all that was made. */
export function Result({
  state,
  chosen,
  onChoose,
  ref,
}: {
  state: FormState;
  chosen: string | null;
  onChoose: (id: string) => void;
  ref: Ref<HTMLElement>;
}) {
  const t = useTexts("form");
  const [big, setBig] = useState<Asset | null>(null);
  const subject = subjectOf(state.jobs, chosen);
  return (
    <section ref={ref} className={styles.result} aria-label={t("result")}>
      <div className={styles.stage}>
        <Shown subject={subject} isSending={state.isSending} onBig={setBig} />
      </div>
      <Bar subject={subject} state={state} />
      <Strip jobs={state.jobs} subject={subject} onChoose={onChoose} />
      <p className="sr-only" role="status">
        {subject && t(`said ${subject.job.view.state}`)}
      </p>
      {big && (
        <PictureDialog
          title={big.path}
          url={big.url}
          alt={big.prompt || t("picture")}
          onClose={() => setBig(null)}
        />
      )}
    </section>
  );
}

function Shown({
  subject,
  isSending,
  onBig,
}: {
  subject: Subject;
  isSending: boolean;
  onBig: (asset: Asset) => void;
}) {
  const t = useTexts("form");
  if (!subject) {
    return isSending ? (
      <Spinner label={t("sending")} />
    ) : (
      <Empty icon={ImageIcon} title={t("nothing yet")}>
        <p>{t("nothing yet about")}</p>
      </Empty>
    );
  }
  if (subject.kind === "picture") {
    const { asset, job } = subject;
    const preview = Object.values(job.previews).at(-1);
    const alt = asset.prompt || t("picture");
    return (
      <button
        type="button"
        className={styles.open}
        aria-label={t("open big", { name: alt })}
        onClick={() => onBig(asset)}
      >
        {preview && <img src={preview} alt="" />}
        <img key={asset.id} src={asset.url} alt={alt} />
      </button>
    );
  }
  return subject.kind === "texts" ? <Others job={subject.job} /> : <Running job={subject.job} />;
}

function Running({ job }: { job: LiveJob }) {
  const t = useTexts("form");
  const before = useLive(({ order }) => Math.max(0, order.indexOf(job.id)));
  const preview = useSteady(Object.values(job.previews).at(-1));
  switch (job.view.state) {
    case "failed": {
      const error = job.view.error ?? { what: t("said failed"), where: "", mend: "" };
      return <Trouble failure={new Failure(error, 0)} />;
    }
    case "cancelled":
      return <Empty icon={CircleSlash} title={t("said cancelled")} />;
    case "done":
      return <Empty icon={CircleCheck} title={t("said done")} />;
    case "queued":
      return (
        <div className={styles.waiting}>
          <Clock size={24} aria-hidden />
          <p>{before > 0 ? t("waits behind", { n: before }) : t("said queued")}</p>
        </div>
      );
    case "running":
      return preview ? (
        <img className={styles.developing} src={preview} alt={t("said running")} />
      ) : (
        <div className={styles.waiting}>
          <Spinner label={t("getting ready")} />
          <p>{t("getting ready")}</p>
        </div>
      );
  }
}

/** Words and files that a run gave. */
function Others({ job }: { job: LiveJob }) {
  return (
    <ul className={styles.others}>
      {othersOf(job).map(({ asset, text }, at) => (
        <li key={at}>
          {asset ? (
            <a href={`${asset.url}?save=true`} download>
              <Download size={16} aria-hidden /> {asset.path}
            </a>
          ) : (
            <pre>{text}</pre>
          )}
        </li>
      ))}
    </ul>
  );
}

/** Always of one height: how far it is, or what can be done with the picture. */
function Bar({ subject, state }: { subject: Subject; state: FormState }) {
  const t = useTexts("form");
  const { language } = useLanguage();
  const open = state.jobs.filter(({ view }) => isOpen(view));
  const job = subject?.job;
  return (
    <div className={styles.bar}>
      {job && subject.kind === "job" && isOpen(job.view) ? (
        <HowFar job={job} />
      ) : subject?.kind === "picture" ? (
        <a className={buttonClass} href={`${subject.asset.url}?save=true`} download>
          <Download size={16} aria-hidden /> {t("download")}
        </a>
      ) : (
        state.seconds !== null &&
        open.length === 0 && (
          <p className={styles.quiet}>{t("will take", { time: durationText(state.seconds, language) })}</p>
        )
      )}
      {open.length > 0 && (
        <Button icon={X} onClick={() => void state.cancel()}>
          {open.length > 1 ? t("cancel all", { n: open.length }) : t("cancel")}
        </Button>
      )}
    </div>
  );
}
