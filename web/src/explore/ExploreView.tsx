import { useEffect, useState } from "react";
import { takeOver } from "@/app/handover";
import type { JsonObject } from "@/graph/json";
import { useTexts } from "@/texts/texts";
import { attempt, Spinner } from "@/ui";
import { start, vary } from "./actions";
import styles from "./explore.module.css";
import { GridPanel } from "./GridPanel";
import { PlanPanel } from "./PlanPanel";
import { baseOf, baseOfPicture, baseOfWords, lastPicture } from "./requests";
import { useFollowing } from "./results";
import { useExploring } from "./store";
import { usePlan } from "./useGrid";

/** Grids of pictures that differ in one, two or three settings. */
export default function ExploreView() {
  const t = useTexts("explore");
  const plan = usePlan();
  const run = useExploring((state) => state.run);
  const isReading = useBeginning(t("first words"));
  useFollowing(run);
  return (
    <div className={styles.view}>
      <PlanPanel plan={plan} isReading={isReading} />
      <section className={styles.shown} aria-label={t("grid")}>
        {isReading && <span className="sr-only">{t("loading base")}</span>}
        {isReading && !run ? <Spinner label={t("loading base")} /> : <GridPanel plan={plan} />}
      </section>
    </div>
  );
}

/** Take what another view handed over; where there is nothing at all, start from the last picture or a few words. */
function useBeginning(words: string): boolean {
  const [isReading, setReading] = useState(false);
  useEffect(() => {
    const handed = takeOver("explore");
    const { base } = useExploring.getState();
    if (!handed && base) return;
    setReading(true);
    void attempt(async () => {
      if (handed) {
        await start(await baseOf(handed.editor as JsonObject, handed.name));
        if (handed.vary) await vary(handed.vary);
        return;
      }
      const asset = await lastPicture();
      await start(await (asset ? baseOfPicture(asset) : baseOfWords(words)));
    }).finally(() => setReading(false));
  }, [words]);
  return isReading;
}
