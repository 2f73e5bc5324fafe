import { CircleAlert, Clock, RotateCcw } from "lucide-react";
import { useState } from "react";
import { progressOf } from "@/live/jobs";
import { retryJob } from "@/live/requests";
import { FavouriteButton } from "@/pictures/Favourite";
import { useTexts } from "@/texts/texts";
import { attempt, classes, IconButton, Progress, Spinner } from "@/ui";
import { whyOf } from "./actions";
import { DifferenceView } from "./DifferenceView";
import styles from "./grid.module.css";
import { favourite, pictureOf, useCell } from "./results";

/** One picture of the grid, from waiting to done. */
export function CellView({
  job: id,
  name,
  mark,
  needs,
  isFocus,
  against,
  isReference,
  onFocus,
  onOpen,
}: {
  job: string | undefined;
  name: string;
  /** Its column and row, to find it by. */
  mark: string;
  /** Pixels that the picture is shown with. */
  needs: number;
  isFocus: boolean;
  /** URL of a picture that the difference to is shown. */
  against: string | null;
  isReference: boolean;
  onFocus: () => void;
  onOpen: () => void;
}) {
  const t = useTexts("explore");
  const { job, live } = useCell(id);
  const asset = pictureOf(job);
  const state = job?.state ?? (id ? "queued" : "planned");
  const preview = live ? Object.values(live.previews).at(-1) : undefined;
  const [isGone, setGone] = useState(false);
  const stateWords = { running: t("running"), queued: t("waiting"), failed: t("failed") };
  const told = state in stateWords ? stateWords[state as keyof typeof stateWords] : "";
  const dpr = globalThis.devicePixelRatio || 1;
  const source = asset
    ? needs * dpr <= 512 && asset.thumbnail && (asset.width ?? 0) > 512
      ? `${asset.thumbnail}?size=${needs * dpr <= 256 ? 256 : 512}`
      : asset.url
    : null;
  return (
    <div className={classes(styles.cell, isReference && styles.isReference)} data-state={state}>
      <button
        type="button"
        className={styles.open}
        data-cell={mark}
        tabIndex={isFocus ? 0 : -1}
        disabled={!id}
        onFocus={onFocus}
        onClick={onOpen}
      >
        <span className="sr-only">
          {t("open cell", { place: name })} {told}
        </span>
        {state === "done" && source && !isGone ? (
          <img
            className={styles.picture}
            src={source}
            alt=""
            loading="lazy"
            draggable={false}
            onError={() => setGone(true)}
          />
        ) : preview && (state === "running" || (state === "done" && !asset)) ? (
          <img className={styles.picture} src={preview} alt="" draggable={false} />
        ) : (
          <span className={styles.blank}>
            {state === "running" && <Spinner label={t("running")} />}
            {state === "queued" && <Clock size={18} aria-hidden />}
            {state === "failed" && (
              <>
                <CircleAlert size={18} aria-hidden className={styles.bad} />
                <span className={styles.why}>{whyOf(job)}</span>
              </>
            )}
            {state === "cancelled" && <span className={styles.why}>{t("cancelled")}</span>}
            {state === "done" && <span className={styles.why}>{asset ? t("gone") : t("no picture")}</span>}
          </span>
        )}
        {against && asset && state === "done" && <DifferenceView url={asset.url} against={against} />}
      </button>
      {state === "running" && live && (
        <span className={styles.progress}>
          <Progress label={t("running")} value={progressOf(live).share} />
        </span>
      )}
      {job && (state === "failed" || state === "cancelled") && (
        <span className={classes(styles.corners, state === "cancelled" && styles.onHover)}>
          <IconButton
            icon={RotateCcw}
            look="plain"
            label={`${name}: ${t("retry")}`}
            tabIndex={isFocus ? 0 : -1}
            onClick={() => void attempt(() => retryJob(job.id))}
          />
        </span>
      )}
      {job && asset && state === "done" && (
        <span className={classes(styles.corners, !asset.favourite && styles.onHover)}>
          <FavouriteButton
            of={name}
            look="plain"
            isOn={asset.favourite}
            tabIndex={isFocus ? 0 : -1}
            onChange={(isOn) => void attempt(() => favourite(job, asset, isOn))}
          />
        </span>
      )}
      {isReference && <span className={styles.badge}>{t("reference")}</span>}
    </div>
  );
}
