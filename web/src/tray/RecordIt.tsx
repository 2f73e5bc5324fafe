import { FlaskConical } from "lucide-react";
import { useEffect, useState } from "react";
import { wordsOf } from "@/api/client";
import { queries } from "@/api/queries";
import { isOpen, progressOf, useJob } from "@/live/jobs";
import { useTexts } from "@/texts/texts";
import { attempt, Button, Empty, Progress } from "@/ui";
import { record, samplingsQuery } from "./requests";
import styles from "./tray.module.css";

/** Offers to run the samplers behind a picture again, with somebody listening. */
export function RecordIt({ asset }: { asset: string }) {
  const t = useTexts("tray");
  const [id, setId] = useState<string | null>(null);
  const [isAsking, setAsking] = useState(false);
  const job = useJob(id);
  const state = job?.view.state;
  useEffect(() => {
    if (state === "done") void queries.invalidateQueries(samplingsQuery(asset));
  }, [state, asset]);
  async function start() {
    setAsking(true);
    const begun = await attempt(() => record(asset));
    if (begun) setId(begun.id);
    setAsking(false);
  }
  const isOn = job !== undefined && isOpen(job.view);
  return (
    <Empty icon={FlaskConical} title={t("not recorded")}>
      <p className={styles.narrow}>{t("not recorded about")}</p>
      {isOn ? (
        <div className={styles.recording} role="status">
          <p>{t(state === "queued" ? "record waits" : "recording")}</p>
          <Progress label={t("recording")} value={progressOf(job).share} />
        </div>
      ) : (
        <Button look="primary" large busy={isAsking || state === "done"} onClick={() => void start()}>
          {t("record")}
        </Button>
      )}
      {job?.view.error && (
        <p className={styles.warn} role="alert">
          {wordsOf(job.view.error)}
        </p>
      )}
    </Empty>
  );
}
