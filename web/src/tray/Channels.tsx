import { useMemo, useState } from "react";
import { useLanguage, useTexts } from "@/texts/texts";
import { NumberField, Select } from "@/ui";
import { Canvas } from "./Canvas";
import { channelField, greyPixels, rangeOf } from "./colours";
import { About } from "./Panel";
import { LATENTS, type LatentName, type Recording } from "./recording";
import type { Developed } from "./TrayView";
import styles from "./tray.module.css";
import { ratioOf } from "./Words";

/** The channels of a latent, each as a picture of its own. */
export function Channels(developed: Developed) {
  const t = useTexts("tray");
  const { recording } = developed;
  const { head } = recording;
  const [name, setName] = useState<LatentName>("denoised");
  const [step, setStep] = useState(recording.steps - 1);
  const channels = recording.latents[name]?.shape[2] ?? 0;
  const fewer = Math.round(
    (head.width * head.cell * head.height * head.cell * 3) / (head.width * head.height * channels),
  );
  return (
    <>
      <About concepts={["latent-space", "vae"]}>
        {t("channels about", {
          width: head.width,
          height: head.height,
          n: channels,
          pixels: `${head.width * head.cell} × ${head.height * head.cell}`,
          fewer,
        })}
      </About>
      <div className={styles.choose}>
        <Select
          label={t("which latent")}
          value={name}
          options={LATENTS.filter((each) => recording.latents[each]).map((value) => ({
            value,
            label: t(value),
          }))}
          onChange={(next) => setName(LATENTS.find((each) => each === next) ?? "denoised")}
        />
        <div className={styles.grow}>
          <NumberField
            label={t("step of", { n: step + 1, total: recording.steps })}
            value={step + 1}
            min={1}
            max={recording.steps}
            slider
            onChange={(next) => setStep(next - 1)}
          />
        </div>
      </div>
      <div className={styles.four}>
        {Array.from({ length: channels }, (_, channel) => (
          <Channel
            key={channel}
            {...developed}
            name={name}
            step={step}
            channel={channel}
            shape={ratioOf(developed)}
          />
        ))}
      </div>
    </>
  );
}

function Channel({
  recording,
  picture,
  name,
  step,
  channel,
  shape,
}: {
  recording: Recording;
  picture: number;
  name: LatentName;
  step: number;
  channel: number;
  shape: number;
}) {
  const t = useTexts("tray");
  const { language } = useLanguage();
  const field = useMemo(
    () => channelField(recording, name, step, picture, channel),
    [recording, name, step, picture, channel],
  );
  if (!field) return null;
  const [low, high] = rangeOf(field).map((value) =>
    value.toLocaleString(language, { maximumFractionDigits: 2 }),
  );
  return (
    <figure className={styles.frame}>
      <Canvas
        className={styles.latent}
        pixels={greyPixels(field)}
        label={t("channel", { n: channel + 1 })}
        style={{ aspectRatio: shape }}
      />
      <figcaption>
        <strong>{t("channel", { n: channel + 1 })}</strong>
        <span>{t("channel range", { low: low ?? "", high: high ?? "" })}</span>
      </figcaption>
    </figure>
  );
}
