import { useTexts } from "@/texts/texts";
import { Basics } from "./Basics";
import type { TheCheckpoint } from "./checkpoints";
import { Enlarge } from "./Enlarge";
import { Fold } from "./Fold";
import { Guides, References } from "./Guides";
import { Loras } from "./Loras";
import { Sampling } from "./Sampling";
import { SeedField } from "./SeedField";
import { StartPicture } from "./StartPicture";
import styles from "./settings.module.css";
import { useStudio } from "./store";

/** All settings, in groups: what most people want is open, the rest is folded and says what is set in it. */
export function Settings({ checkpoint }: { checkpoint: TheCheckpoint }) {
  const t = useTexts("create");
  const form = useStudio((studio) => studio.form);
  const { model } = checkpoint;
  const best = model?.recommended;
  const { start, mask, outpaint, loras, guides, references, enlarge, seed } = form;
  const used = loras.filter(({ on }) => on).length;
  return (
    <>
      <Fold name="basics" title={t("basics")} summary={checkpoint.name} open>
        <Basics checkpoint={checkpoint} />
      </Fold>
      <Fold
        name="start"
        title={t("start from picture")}
        news={start?.id}
        summary={start ? t(outpaint ? "outpainted" : mask ? "masked" : "whole picture") : undefined}
      >
        <StartPicture />
      </Fold>
      <Fold name="seed" title={t("chance")} summary={t(`seed ${seed.mode}`)}>
        <SeedField />
      </Fold>
      <Fold
        name="sampling"
        title={t("fine control")}
        summary={t("n steps", { n: form.steps ?? best?.steps ?? 20 })}
      >
        <Sampling model={model} />
      </Fold>
      <Fold name="loras" title={t("loras")} summary={used ? t("n used", { n: used }) : undefined}>
        <Loras model={model} />
      </Fold>
      <Fold
        name="guides"
        title={t("guides")}
        summary={guides.length ? t("n used", { n: guides.length }) : undefined}
      >
        <Guides model={model} />
      </Fold>
      <Fold
        name="references"
        title={t("references")}
        summary={references.length ? t("n used", { n: references.length }) : undefined}
      >
        <References model={model} />
      </Fold>
      <Fold name="enlarge" title={t("enlarge")} summary={enlarge ? `× ${enlarge.by}` : undefined}>
        <Enlarge native={checkpoint.native} />
      </Fold>
      <p className={styles.foot}>{t("all suits")}</p>
    </>
  );
}
