import { useQuery } from "@tanstack/react-query";
import { FlaskConical, RefreshCw } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import { isOpen, progressOf, useJob } from "@/live/jobs";
import { cancelJobs, run } from "@/live/requests";
import { picturesOf } from "@/pictures/picture";
import { recipeQuery } from "@/pictures/recipe";
import { useTexts } from "@/texts/texts";
import { attempt, Button, buttonClass, classes } from "@/ui";
import { Busy } from "./Busy";
import { shownBy } from "./experiments";
import { Shown } from "./Shown";
import type { Developed } from "./TrayView";
import styles from "./tray.module.css";
import { type Change, changed } from "./trying";

/** Makes a picture again with one thing changed and the same seed, and shows both beside one another. */
export function Trial({
  asset,
  sampling,
  picture,
  change,
  caption,
}: Pick<Developed, "asset" | "sampling" | "picture"> & {
  /** Null where there is nothing to change. */
  change: Change | null;
  /** What is other in the new one. */
  caption: string;
}) {
  const t = useTexts("tray");
  const recipe = useQuery(recipeQuery(asset.id));
  const [begun, setBegun] = useState<{ id: string; caption: string } | null>(null);
  const [isAsking, setAsking] = useState(false);
  const job = useJob(begun?.id);
  const isOn = job !== undefined && isOpen(job.view);
  const workflow = recipe.data?.workflow && change && changed(recipe.data.workflow, sampling.node, change);
  async function start() {
    if (!workflow) return;
    setAsking(true);
    const made = await attempt(() =>
      run(workflow, [shownBy(workflow, asset.node, sampling.node)], t("try it")),
    );
    if (made) setBegun({ id: made.id, caption });
    setAsking(false);
  }
  const made = picturesOf(job?.view);
  const result = made[picture] ?? made[0];
  const preview = job && Object.values(job.previews).at(-1);
  if (recipe.data && !workflow) return <p className={styles.quiet}>{t("cannot try")}</p>;
  return (
    <div className={styles.trial}>
      <div className={styles.row}>
        <Button look="primary" icon={RefreshCw} busy={isAsking || isOn} onClick={() => void start()}>
          {t("make again")}
        </Button>
      </div>
      <Busy
        hasBegun={begun !== null}
        isBusy={isOn}
        share={job ? progressOf(job).share : 0}
        error={job?.view.error ?? null}
        cancel={() => job && void attempt(() => cancelJobs([job.id]))}
      />
      {begun && (
        <div className={styles.pair}>
          <figure>
            <Shown src={asset.url} like={asset} alt={t("as it was")} />
            <figcaption>{t("as it was")}</figcaption>
          </figure>
          <figure aria-busy={isOn}>
            <Shown
              src={result?.url ?? preview}
              like={result ?? asset}
              alt={result ? begun.caption : t("making")}
            />
            <figcaption>{begun.caption}</figcaption>
          </figure>
        </div>
      )}
      {begun && (
        <div className={classes(styles.after, (!result || isOn) && styles.awaited)}>
          <Link href={`/tray/${result?.id}`} className={buttonClass}>
            <FlaskConical size={16} aria-hidden />
            {t("look into it")}
          </Link>
          <p className={styles.quiet}>{t("trial unsaved")}</p>
        </div>
      )}
    </div>
  );
}
