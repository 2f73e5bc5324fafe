import { CircleAlert, Clock } from "lucide-react";
import { isOpen, type LiveJob } from "@/live/jobs";
import { useSteady } from "@/live/steady";
import { picturesOf } from "@/pictures/picture";
import { useTexts } from "@/texts/texts";
import { Spinner } from "@/ui";
import styles from "./result.module.css";
import type { Subject } from "./subject";

/** All that was made with a form, the newest first, and what is on its way. */
export function Strip({
  jobs,
  subject,
  onChoose,
}: {
  jobs: readonly LiveJob[];
  subject: Subject;
  onChoose: (id: string) => void;
}) {
  const t = useTexts("form");
  const shown = subject?.kind === "picture" ? subject.asset.id : subject?.job.id;
  const open = jobs.filter(({ view }) => isOpen(view) || view.state === "failed");
  const pictures = jobs.flatMap(({ view }) => picturesOf(view));
  return (
    <ul className={styles.strip} aria-label={t("results")}>
      {open.map((job) => (
        <li key={job.id}>
          <button
            type="button"
            className={styles.tile}
            aria-current={job.id === shown || undefined}
            aria-label={t(`said ${job.view.state}`)}
            onClick={() => onChoose(job.id)}
          >
            <Sign job={job} />
          </button>
        </li>
      ))}
      {pictures.map((asset) => (
        <li key={asset.id}>
          <button
            type="button"
            className={styles.tile}
            aria-current={asset.id === shown || undefined}
            aria-label={asset.prompt || t("picture")}
            onClick={() => onChoose(asset.id)}
          >
            <img src={asset.thumbnail ?? asset.url} alt="" loading="lazy" decoding="async" />
          </button>
        </li>
      ))}
    </ul>
  );
}

function Sign({ job }: { job: LiveJob }) {
  const t = useTexts("form");
  const preview = useSteady(Object.values(job.previews).at(-1));
  if (job.view.state === "failed") return <CircleAlert size={20} className={styles.bad} aria-hidden />;
  if (preview) return <img src={preview} alt="" />;
  if (job.view.state === "queued") return <Clock size={18} aria-hidden />;
  return <Spinner label={t("getting ready")} />;
}
