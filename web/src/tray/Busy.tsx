import { wordsOf } from "@/api/client";
import type { Running } from "@/live/useExperiment";
import { useTexts } from "@/texts/texts";
import { Button, Progress } from "@/ui";
import styles from "./tray.module.css";

/** How far an experiment is, and why it failed. Its room stays once it was begun, so that nothing below it jumps. */
export function Busy({
  hasBegun,
  isBusy,
  share,
  error,
  cancel,
}: Pick<Running<unknown, unknown>, "hasBegun" | "isBusy" | "share" | "error" | "cancel">) {
  const t = useTexts("tray");
  if (!hasBegun) return null;
  return (
    <div className={styles.busy}>
      {isBusy ? (
        <div className={styles.row} role="status">
          {share > 0 ? (
            <div className={styles.grow}>
              <Progress label={t("at work")} value={share} />
            </div>
          ) : (
            <span className={styles.quiet}>{t("at work")}</span>
          )}
          <Button look="quiet" onClick={cancel}>
            {t("cancel")}
          </Button>
        </div>
      ) : (
        error && (
          <p className={styles.warn} role="alert">
            {wordsOf(error)}
          </p>
        )
      )}
    </div>
  );
}
