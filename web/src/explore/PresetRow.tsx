import { useMemo } from "react";
import { useTexts } from "@/texts/texts";
import { Button, Tip } from "@/ui";
import styles from "./plan.module.css";
import { PRESETS, presetAxes } from "./presets";
import { setAxes } from "./store";
import type { Plan } from "./useGrid";

/** Grids to begin with, one click each. */
export function PresetRow({ plan: { settings, files } }: { plan: Plan }) {
  const t = useTexts("explore");
  const offered = useMemo(
    () => PRESETS.map((preset) => ({ preset, axes: presetAxes(preset, settings, files) })),
    [settings, files],
  );
  return (
    <section aria-label={t("presets")} className={styles.presets}>
      <h2 className={styles.heading}>{t("presets")}</h2>
      <div className={styles.chips}>
        {offered.map(({ preset, axes }) =>
          axes || preset === "denoise" ? (
            <Tip key={preset} text={t(`preset ${preset} about`)}>
              <Button
                aria-disabled={axes === null}
                className={styles.preset}
                onClick={() => axes && setAxes(axes)}
              >
                {t(`preset ${preset}`)}
              </Button>
            </Tip>
          ) : null,
        )}
      </div>
    </section>
  );
}
