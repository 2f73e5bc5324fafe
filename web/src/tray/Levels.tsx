import type { Asset } from "@/api/client";
import { useLanguage, useTexts } from "@/texts/texts";
import { NumberField } from "@/ui";
import styles from "./experiments.module.css";
import { Scrubber } from "./Scrubber";
import { Shown, shapeOf } from "./Shown";
import tray from "./tray.module.css";

export const SHOWN = ["noised", "predicted_noise", "estimate", "error"] as const;

/** What ForwardProcess tells, level by level. */
export interface ForwardTold {
  /** What the network predicts. */
  readonly prediction: "eps" | "v" | "flow";
  /** How far along the schedule, 0 to 1. */
  readonly shares: readonly number[];
  readonly sigmas: readonly number[];
  /** Null where there is no signal. */
  readonly log_snr: readonly (number | null)[];
  readonly noise_errors: readonly number[];
  readonly estimate_errors: readonly number[];
  readonly training_errors: readonly number[];
}

/** The four pictures of one level large, and those of all levels small below. */
export function Levels({
  told,
  pictures,
  at,
  onAt,
}: {
  told: ForwardTold;
  /** Of each level the four of `SHOWN`. */
  pictures: readonly Asset[];
  at: number;
  onAt: (level: number) => void;
}) {
  const t = useTexts("tray");
  const { language } = useLanguage();
  const levels = told.shares.length;
  const like = pictures[0] ?? { width: null, height: null };
  const picture = (level: number, what: number) => pictures[level * SHOWN.length + what];
  const number = (value: number | null | undefined) =>
    value === null || value === undefined
      ? "−∞"
      : value.toLocaleString(language, { maximumSignificantDigits: 3 });
  const share = (told.shares[at] ?? 0).toLocaleString(language, { style: "percent" });
  return (
    <div className={styles.levels}>
      <div className={styles.shots} data-four>
        {SHOWN.map((name, what) => (
          <figure key={name}>
            <Shown
              src={picture(at, what)?.url}
              like={like}
              alt={t("at level", { what: t(`forward ${name}`), share })}
            />
            <figcaption>
              <strong>{t(`forward ${name}`)}</strong>
              {t(`forward ${name} about`)}
            </figcaption>
          </figure>
        ))}
      </div>
      <div className={styles.reel}>
        <div className={tray.scrub}>
          <div className={tray.grow}>
            <NumberField
              label={t("level of", { n: at + 1, total: levels })}
              value={at + 1}
              min={1}
              max={levels}
              slider
              onChange={(next) => onAt(Math.round(next) - 1)}
            />
          </div>
        </div>
        <p className={tray.quiet}>
          {t("level told", { share, sigma: number(told.sigmas[at]), snr: number(told.log_snr[at]) })}
        </p>
        <Scrubber
          rows={SHOWN.map((_, what) =>
            Array.from({ length: levels }, (_, level) => picture(level, what)?.url),
          )}
          shape={shapeOf(like)}
          at={at}
          onAt={onAt}
        />
      </div>
    </div>
  );
}
