import { Pause, Play } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import type { Asset } from "@/api/client";
import { useTexts } from "@/texts/texts";
import { classes, IconButton, NumberField } from "@/ui";
import styles from "./experiments.module.css";
import { Scrubber } from "./Scrubber";
import { Shown, type Sized, shapeOf } from "./Shown";
import tray from "./tray.module.css";

const PACE = 160; // milliseconds of a frame while it plays

/** Frames that one goes through by hand, or that play to and fro. */
export function Film({
  label,
  frames,
  like,
  children,
}: {
  label: string;
  /** Null for those that are on their way. */
  frames: readonly (Asset | null)[];
  /** What they are as large as. */
  like: Sized;
  children?: ReactNode;
}) {
  const t = useTexts("tray");
  const last = frames.length - 1;
  const [chosen, setChosen] = useState(0);
  const [heading, setHeading] = useState<1 | -1 | 0>(0);
  const at = Math.min(last, chosen);
  useEffect(() => {
    if (!heading) return;
    const timer = setTimeout(() => {
      const next = at + heading;
      if (next < 0 || next > last) setHeading(heading === 1 ? -1 : 1);
      else setChosen(next);
    }, PACE);
    return () => clearTimeout(timer);
  }, [heading, at, last]);
  const go = (to: number) => {
    setHeading(0);
    setChosen(to);
  };
  return (
    <div className={styles.film}>
      <div
        className={styles.screen}
        role="img"
        aria-label={`${label}, ${t("frame of", { n: at + 1, total: last + 1 })}`}
      >
        {frames.map((frame, nth) => (
          <span key={nth} data-here={nth === at || undefined}>
            <Shown src={frame?.url} like={frame ?? like} alt="" />
          </span>
        ))}
      </div>
      <div className={classes(styles.reel, frames.includes(null) && tray.awaited)}>
        <Scrubber
          rows={[frames.map((frame) => frame?.url)]}
          shape={shapeOf(frames[0] ?? like)}
          at={at}
          onAt={go}
        />
        <div className={tray.scrub}>
          <IconButton
            icon={heading ? Pause : Play}
            look="plain"
            label={t(heading ? "pause" : "play")}
            onClick={() => setHeading(heading ? 0 : at === last ? -1 : 1)}
          />
          <div className={tray.grow}>
            <NumberField
              label={t("frame of", { n: at + 1, total: last + 1 })}
              value={at + 1}
              min={1}
              max={last + 1}
              slider
              onChange={(next) => go(Math.round(next) - 1)}
            />
          </div>
          {children}
        </div>
      </div>
    </div>
  );
}
