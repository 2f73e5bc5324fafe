import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Asset } from "@/api/client";
import { modelsQuery } from "@/api/queries";
import { useExperiment } from "@/live/useExperiment";
import { useLanguage, useTexts } from "@/texts/texts";
import { Button, Choice, classes } from "@/ui";
import { Busy } from "./Busy";
import { thereAndBack, type VaeFile } from "./experiments";
import styles from "./experiments.module.css";
import { Part } from "./Panel";
import { PictureChoice } from "./PictureChoice";
import { Shown } from "./Shown";
import tray from "./tray.module.css";
import type { Means } from "./useParts";

/** What VAEReconstruction tells of each picture. */
interface Told {
  readonly pictures: readonly {
    /** Decibels; null where nothing differs. */
    readonly psnr: number | null;
    readonly mean_error: number;
    readonly max_error: number;
    readonly numbers: readonly [before: number, after: number];
    readonly bits: readonly [before: number, after: number];
  }[];
}

/** Keeps the room for what will be told. */
const USUAL: Told["pictures"][number] = {
  psnr: 30,
  mean_error: 0.02,
  max_error: 0.2,
  numbers: [786_432, 16_384],
  bits: [6_291_456, 262_144],
};

interface Wish {
  readonly picture: Asset;
  /** As `folder/name`; empty for the one that made the picture. */
  readonly vae: string;
}

/** A picture through the VAE and back, beside what was lost on the way. */
export function ThereAndBack({ asset, parts, instead }: Means) {
  const t = useTexts("tray");
  const running = useExperiment<Told, Wish>(t("there and back"));
  const [wish, setWish] = useState<Wish>({ picture: asset, vae: "" });
  const checkpoints = useQuery(modelsQuery("checkpoints")).data ?? [];
  const alone = useQuery(modelsQuery("vae")).data ?? [];
  const { outcome, isBusy } = running;
  const hasBegun = outcome !== null || isBusy;
  const send = (next: Wish) => running.begin(thereAndBack(parts, next.picture, fileOf(next.vae)), next);
  function change(part: Partial<Wish>, isBeginning = hasBegun) {
    const next = { ...wish, ...part };
    setWish(next);
    if (isBeginning) send(next);
  }
  const [back, error] = outcome?.pictures ?? [];
  const told = outcome?.told?.pictures[0];
  const sent = outcome?.asked.picture ?? wish.picture;
  return (
    <Part title={t("there and back")}>
      <p>{t("there and back about")}</p>
      <PictureChoice
        label={t("which picture")}
        own={asset}
        isOwnOffered
        value={wish.picture}
        onChange={(picture) => change({ picture }, true)}
      />
      <div className={tray.choose}>
        <div className={tray.narrowField}>
          <Choice
            label={t("which vae")}
            value={wish.vae}
            options={[
              { value: "", label: instead ? instead : t("own vae") },
              ...checkpoints
                .filter(({ name }) => name !== instead)
                .map(({ name }) => ({ value: `checkpoints/${name}`, label: name })),
              ...alone.map(({ name }) => ({ value: `vae/${name}`, label: name })),
            ]}
            onChange={(vae) => change({ vae })}
          />
        </div>
        <Button look="primary" busy={isBusy} onClick={() => send(wish)}>
          {t("send it")}
        </Button>
      </div>
      <Busy {...running} />
      {(told || isBusy) && (
        <>
          <div className={styles.shots} aria-busy={isBusy}>
            <figure>
              <Shown src={sent.url} like={sent} alt={t("before")} />
              <figcaption>{t("before")}</figcaption>
            </figure>
            <figure>
              <Shown src={back?.url} like={back ?? sent} alt={t("came back")} />
              <figcaption>{t("came back")}</figcaption>
            </figure>
            <figure>
              <Shown src={error?.url} like={error ?? sent} alt={t("lost")} />
              <figcaption>{t("lost")}</figcaption>
            </figure>
          </div>
          <div className={classes(styles.figures, !told && tray.awaited)}>
            <Figures {...(told ?? USUAL)} />
          </div>
        </>
      )}
    </Part>
  );
}

function fileOf(vae: string): VaeFile | null {
  const [folder, ...name] = vae.split("/");
  return vae ? { folder: folder === "vae" ? "vae" : "checkpoints", name: name.join("/") } : null;
}

function Figures({ psnr, mean_error, max_error, numbers, bits }: Told["pictures"][number]) {
  const t = useTexts("tray");
  const { language } = useLanguage();
  const number = (value: number, digits = 3) =>
    value.toLocaleString(language, { maximumSignificantDigits: digits });
  const percent = (value: number) =>
    value.toLocaleString(language, { style: "percent", maximumSignificantDigits: 2 });
  return (
    <>
      <p>
        {t("compressed", {
          before: number(numbers[0], 12),
          after: number(numbers[1], 12),
          fewer: number(numbers[0] / numbers[1]),
          bits: number(bits[0] / bits[1]),
        })}
      </p>
      <p>
        {psnr === null
          ? t("nothing lost")
          : t("lost told", { mean: percent(mean_error), most: percent(max_error), psnr: number(psnr) })}
      </p>
      <p className={tray.quiet}>{t("lost about")}</p>
    </>
  );
}
