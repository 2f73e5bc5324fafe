import { Dices } from "lucide-react";
import { useState } from "react";
import type { Asset } from "@/api/client";
import { useExperiment } from "@/live/useExperiment";
import { useTexts } from "@/texts/texts";
import { Button, IconButton, NumberField, Select, TextField } from "@/ui";
import { Busy } from "./Busy";
import { forwardProcess } from "./experiments";
import { type ForwardTold, Levels } from "./Levels";
import { About, Panel, Part } from "./Panel";
import { PictureChoice } from "./PictureChoice";
import { type Line, Plot } from "./Plot";
import { nearest } from "./ticks";
import styles from "./tray.module.css";
import type { Means } from "./useParts";

const COUNTS = ["4", "6", "8", "12", "16"];
const SEEDS = 10_000;

interface Wish {
  readonly picture: Asset;
  readonly levels: number;
  readonly seed: number;
  readonly words: string;
}

/** A picture under more and more noise, and what the model makes of it: what training sees. */
export function Forward({ asset, parts, prompt, most, instead }: Means) {
  const t = useTexts("tray");
  const running = useExperiment<ForwardTold, Wish>(t("forward"));
  const [wish, setWish] = useState<Wish>({ picture: asset, levels: 8, seed: 0, words: prompt });
  const [before, setBefore] = useState<{ told: ForwardTold; asked: Wish } | null>(null);
  const [level, setLevel] = useState<number | null>(null);
  const { outcome, isBusy } = running;
  function begin(next: Wish) {
    setWish(next);
    if (outcome?.told && outcome.asked !== next) setBefore({ told: outcome.told, asked: outcome.asked });
    const words = parts.text === null || next.words === prompt ? null : next.words;
    running.begin(forwardProcess(parts, next.picture, { ...next, words, most }), next);
  }
  const put = (part: Partial<Wish>) => setWish({ ...wish, ...part });
  const told = outcome?.told;
  const at = told ? Math.min(level ?? Math.floor((told.shares.length - 1) / 2), told.shares.length - 1) : 0;
  return (
    <Panel>
      <About concepts={["diffusion", "latent-space"]}>{t("forward about")}</About>
      <Part title={t("forward what")}>
        {instead && <p className={styles.quiet}>{t("instead", { name: instead })}</p>}
        <PictureChoice
          label={t("which picture")}
          own={asset}
          isOwnOffered
          value={wish.picture}
          onChange={(picture) =>
            begin({ ...wish, picture, words: picture.id === asset.id ? prompt : picture.prompt })
          }
        />
        {parts.text && (
          <TextField
            label={t("told words")}
            hint={t("told words about")}
            value={wish.words}
            onChange={(words) => put({ words })}
            onKeyDown={(event) => event.key === "Enter" && begin(wish)}
          />
        )}
        <div className={styles.choose}>
          <Select
            label={t("levels")}
            value={String(wish.levels)}
            options={COUNTS}
            onChange={(levels) => put({ levels: Number(levels) })}
          />
          <NumberField
            label={t("noise seed")}
            value={wish.seed}
            min={0}
            max={SEEDS - 1}
            onChange={(seed) => put({ seed })}
          />
          <IconButton
            icon={Dices}
            look="plain"
            label={t("other noise")}
            onClick={() => begin({ ...wish, seed: Math.floor(Math.random() * SEEDS) })}
          />
          <Button look="primary" busy={isBusy} onClick={() => begin(wish)}>
            {t(outcome ? "show again" : "show it")}
          </Button>
        </div>
        <Busy {...running} />
      </Part>
      {outcome && told && (
        <>
          <Levels told={told} pictures={outcome.pictures} at={at} onAt={setLevel} />
          <Errors
            told={told}
            before={before && before.told !== told ? before.told : null}
            at={at}
            onAt={setLevel}
          />
        </>
      )}
    </Panel>
  );
}

/** How far off the model is at each level; the time before beside it. */
function Errors({
  told,
  before,
  at,
  onAt,
}: {
  told: ForwardTold;
  before: ForwardTold | null;
  at: number;
  onAt: (level: number) => void;
}) {
  const t = useTexts("tray");
  const points = ({ shares }: ForwardTold, errors: readonly number[]) =>
    shares.map((share, nth) => [Math.round(share * 1000) / 10, errors[nth] ?? 0] as const);
  const lines: Line[] = [
    { name: t("noise error"), points: points(told, told.noise_errors) },
    { name: t("estimate error"), points: points(told, told.estimate_errors) },
  ];
  if (before)
    lines.push(
      { name: t("noise error before"), isBeside: true, points: points(before, before.noise_errors) },
      { name: t("estimate error before"), isBeside: true, points: points(before, before.estimate_errors) },
    );
  const places = lines[0]?.points.map(([x]) => x) ?? [];
  return (
    <Part title={t("errors")}>
      <p>{t("errors about")}</p>
      <Plot
        title={t("errors")}
        x={t("share of noise")}
        y={t("rms")}
        lines={lines}
        {...(places[at] === undefined ? {} : { at: places[at] })}
        onAt={(x) => onAt(Math.max(0, places.indexOf(nearest(places, x))))}
      />
      {told.prediction !== "eps" && <p className={styles.quiet}>{t(`predicts ${told.prediction}`)}</p>}
    </Part>
  );
}
