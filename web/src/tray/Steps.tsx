import { Download, Pause, Play } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useLanguage, useTexts } from "@/texts/texts";
import { Button, IconButton, Menu, NumberField, saveToDisk, useSize } from "@/ui";
import { Canvas } from "./Canvas";
import { latentPixels } from "./colours";
import { About, Panel, Part } from "./Panel";
import { Plot } from "./Plot";
import { LATENTS, type LatentName, MEASURES, measured, type Recording } from "./recording";
import { filmUrl } from "./requests";
import type { Developed } from "./TrayView";
import { Trial } from "./Trial";
import styles from "./tray.module.css";
import { ratioOf } from "./Words";

const PACE = 160; // milliseconds of a step while it plays
const FRAME = 56; // pixels of a frame of the strip, at least

/** What the sampler had and what the model guessed, step by step. */
export function Steps(developed: Developed) {
  const t = useTexts("tray");
  const { language } = useLanguage();
  const { asset, sampling, recording, picture } = developed;
  const last = recording.steps - 1;
  const [step, setStep] = useState(last);
  const [isPlaying, setPlaying] = useState(false);
  useEffect(() => {
    if (!isPlaying) return;
    const timer = setInterval(() => setStep((now) => (now >= last ? 0 : now + 1)), PACE);
    return () => clearInterval(timer);
  }, [isPlaying, last]);
  const go = (to: number) => {
    setPlaying(false);
    setStep(Math.min(last, Math.max(0, to)));
  };
  const shown = LATENTS.filter((name) => recording.latents[name]);
  const number = (value: number | undefined) =>
    (value ?? 0).toLocaleString(language, { maximumSignificantDigits: 3 });
  const lines = useMemo(
    () =>
      MEASURES.filter((name) => name !== "guidance_rms" || recording.latents.guidance).map((name) => ({
        name: t(name),
        points: measured(recording, name, picture).map((value, at) => [at + 1, value] as const),
      })),
    [recording, picture, t],
  );
  function onKey(event: React.KeyboardEvent) {
    if (event.target instanceof HTMLInputElement) return;
    const places = new Map([
      ["ArrowLeft", step - 1],
      ["ArrowRight", step + 1],
      ["Home", 0],
      ["End", last],
    ]);
    const to = places.get(event.key);
    if (to === undefined) return;
    event.preventDefault();
    go(to);
  }
  return (
    <Panel onKeyDown={onKey}>
      <About concepts={["diffusion", "latent-space", "guidance"]}>{t("steps about")}</About>
      <div className={styles.three}>
        {shown.map((name) => (
          <Frame key={name} name={name} step={step} {...developed} />
        ))}
      </div>
      <Strip recording={recording} picture={picture} step={step} shape={ratioOf(developed)} onStep={go} />
      <div className={styles.scrub}>
        <IconButton
          icon={isPlaying ? Pause : Play}
          look="plain"
          label={isPlaying ? t("pause") : t("play")}
          onClick={() => setPlaying(!isPlaying)}
        />
        <div className={styles.grow}>
          <NumberField
            label={t("step of", { n: step + 1, total: recording.steps })}
            value={step + 1}
            min={1}
            max={recording.steps}
            slider
            onChange={(next) => go(next - 1)}
          />
        </div>
        <span className={styles.sigma}>
          {t("noise level", { sigma: number(recording.stepSigmas[step]) })}
        </span>
        <Menu
          items={shown.map((name) => ({
            label: t(name),
            onSelect: () => void saveToDisk(filmUrl(asset.id, sampling.node, name, picture)),
          }))}
        >
          <Button icon={Download}>{t("save film")}</Button>
        </Menu>
      </div>
      <Part title={t("measures")}>
        <p>{t("measures about")}</p>
        <Plot
          title={t("measures")}
          x={t("step")}
          y={t("rms")}
          xStart={1}
          lines={lines}
          at={step + 1}
          onAt={(x) => go(x - 1)}
        />
      </Part>
      <OtherSteps {...developed} />
    </Panel>
  );
}

function Frame({ name, step, recording, picture, ...rest }: Developed & { name: LatentName; step: number }) {
  const t = useTexts("tray");
  const { language } = useLanguage();
  const pixels = useMemo(
    () => latentPixels(recording, name, step, picture),
    [recording, name, step, picture],
  );
  return (
    <figure className={styles.frame}>
      <Canvas
        className={styles.latent}
        pixels={pixels}
        label={t("latent at", { what: t(name), n: step + 1 })}
        style={{ aspectRatio: ratioOf({ recording, picture, ...rest }) }}
      />
      <figcaption>
        <strong>{t(name)}</strong>
        <span>
          {name === "guidance" && pixels
            ? t("about guidance", {
                gain: pixels.gain.toLocaleString(language, { maximumSignificantDigits: 2 }),
              })
            : t(name === "noisy" ? "about noisy" : "about denoised")}
        </span>
      </figcaption>
    </figure>
  );
}

/** The estimates as a strip of film, as many as there is room for; pressing and dragging goes to a step. */
function Strip({
  recording,
  picture,
  step,
  shape,
  onStep,
}: {
  recording: Recording;
  picture: number;
  step: number;
  shape: number;
  onStep: (step: number) => void;
}) {
  const ref = useRef<HTMLDivElement>(null);
  const room = Math.max(4, Math.floor(useSize(ref).width / FRAME));
  const count = Math.min(recording.steps, room);
  const frames = useMemo(
    () =>
      Array.from({ length: count }, (_, at) => {
        const of = count > 1 ? Math.round((at * (recording.steps - 1)) / (count - 1)) : 0;
        return { of, pixels: latentPixels(recording, "denoised", of, picture) };
      }),
    [recording, picture, count],
  );
  const chosen = frames.reduce(
    (best, { of }, at) => (Math.abs(of - step) < Math.abs((frames[best]?.of ?? 0) - step) ? at : best),
    0,
  );
  function scrub(event: React.PointerEvent<HTMLDivElement>) {
    const box = event.currentTarget.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    onStep(Math.min(recording.steps - 1, Math.floor(share * recording.steps)));
  }
  return (
    <div
      ref={ref}
      className={styles.strip}
      aria-hidden // the slider below does the same
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        scrub(event);
      }}
      onPointerMove={(event) => event.buttons === 1 && scrub(event)}
    >
      {frames.map(({ of, pixels }, at) => (
        <span key={of} data-here={at === chosen || undefined}>
          <Canvas pixels={pixels} style={{ aspectRatio: shape }} />
        </span>
      ))}
    </div>
  );
}

function OtherSteps(developed: Developed) {
  const t = useTexts("tray");
  const planned = developed.recording.sigmas.length - 1;
  const [steps, setSteps] = useState(() => Math.max(2, Math.round(planned / 3)));
  return (
    <Part title={t("try it")}>
      <p>{t("try steps", { n: planned })}</p>
      <NumberField label={t("other steps")} value={steps} min={1} max={60} slider onChange={setSteps} />
      <Trial
        {...developed}
        change={{ input: "steps", value: steps }}
        caption={t("with steps", { n: steps })}
      />
    </Part>
  );
}
