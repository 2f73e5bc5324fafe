import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useExperiment } from "@/live/useExperiment";
import { recipeQuery } from "@/pictures/recipe";
import { useTexts } from "@/texts/texts";
import { Switch } from "@/ui";
import Anatomy from "./Anatomy";
import { type ComparisonTold, differing } from "./blocks";
import { Compared } from "./Compared";
import { About, Panel } from "./Panel";
import type { Sampling } from "./requests";
import { Touched } from "./Touched";
import type { Made } from "./TrayView";
import styles from "./tray.module.css";
import treemap from "./treemap.module.css";

/** What is in the checkpoint that made the picture, what another one has otherwise, and what a LoRA changes of it. */
export function Checkpoint({
  asset,
  sampling,
  picture,
}: Omit<Made, "sampling"> & { sampling: Sampling | null }) {
  const t = useTexts("tray");
  const made = sampling && { asset, sampling, picture };
  const name = useQuery(recipeQuery(asset.id)).data?.checkpoint ?? asset.checkpoint;
  const compared = useExperiment<ComparisonTold, null>(t("two compared"));
  const [isColoured, setColoured] = useState(true);
  const told = compared.outcome?.told;
  const colours = useMemo(() => (told && isColoured ? differing(told) : undefined), [told, isColoured]);
  return (
    <Panel>
      <div className={treemap.file}>
        <About concepts={["checkpoint", "fine-tunes"]}>{t("checkpoint about")}</About>
        {told && (
          <div className={styles.row}>
            <Switch label={t("coloured")} checked={isColoured} onChange={setColoured} />
            {isColoured && (
              <span className={styles.quiet}>{t("coloured about", { name: told.files[1] })}</span>
            )}
          </div>
        )}
        {name ? (
          <Anatomy folder="checkpoints" name={name} differing={colours} />
        ) : (
          <p>{t("no checkpoint")}</p>
        )}
      </div>
      {name && <Compared name={name} made={made} running={compared} />}
      {made && <Touched made={made} />}
    </Panel>
  );
}
