import {
  ChevronDown,
  ChevronLeft,
  ChevronRight,
  ChevronUp,
  Diff,
  Download,
  Grid3x3,
  Heart,
  RotateCcw,
  SlidersHorizontal,
  Workflow,
} from "lucide-react";
import { useEffect } from "react";
import { retryJob } from "@/live/requests";
import { BigPicture } from "@/pictures/BigPicture";
import { makeAgain, openIn } from "@/pictures/doing";
import { useLook, ZoomTools } from "@/pictures/useLook";
import { durationText } from "@/texts/measures";
import { useLanguage, useTexts } from "@/texts/texts";
import { attempt, Button, Dialog, IconButton, Spinner } from "@/ui";
import { exploreFrom, whyOf } from "./actions";
import { changesAt, keyOf, neighbour, type Place, sizeOf } from "./cells";
import styles from "./dialogs.module.css";
import shared from "./explore.module.css";
import { nameAt } from "./GridTable";
import { fullNameOf, valueName } from "./names";
import { favourite, pictureOf, useCell } from "./results";
import type { Run } from "./store";
import { useSettings } from "./useGrid";

const WAYS = [
  ["ArrowLeft", ChevronLeft, "previous"],
  ["ArrowRight", ChevronRight, "next"],
  ["ArrowUp", ChevronUp, "above"],
  ["ArrowDown", ChevronDown, "below"],
] as const;

/** One cell, large, with what was set in it. */
export function Big({
  run,
  at,
  isReference,
  onMove,
  onReference,
  onClose,
}: {
  run: Run;
  at: Place;
  isReference: boolean;
  onMove: (at: Place) => void;
  onReference: () => void;
  onClose: () => void;
}) {
  const t = useTexts("explore");
  const { language } = useLanguage();
  const tp = useTexts("pictures");
  const { job, live } = useCell(run.jobs[keyOf(at)]);
  const asset = job?.state === "done" ? pictureOf(job) : null;
  const preview = live ? Object.values(live.previews).at(-1) : undefined;
  const size = sizeOf(run.lines);
  const looking = useLook(""); // of all cells alike, to compare a part of them
  const why = whyOf(job);
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (event.shiftKey) return; // moves an enlarged picture
      const to = neighbour(at, event.key, size);
      if (keyOf(to) === keyOf(at)) return;
      event.preventDefault();
      event.stopPropagation();
      onMove(to);
    }
    addEventListener("keydown", onKeyDown, true); // before the dialog, which keeps keys to itself
    return () => removeEventListener("keydown", onKeyDown, true);
  });
  return (
    <Dialog
      title={nameAt(run.lines, at, t)}
      size="full"
      tools={asset && <ZoomTools looking={looking} />}
      onKey={looking.onKey}
      onClose={onClose}
    >
      <div className={styles.big}>
        <div className={styles.bigPicture}>
          {asset ? (
            <BigPicture
              url={asset.url}
              alt={nameAt(run.lines, at, t)}
              width={asset.width}
              height={asset.height}
              under={asset.thumbnail ? `${asset.thumbnail}?size=256` : undefined}
              looking={looking}
            />
          ) : preview ? (
            <img src={preview} alt={t("running")} />
          ) : job?.state === "failed" ? (
            <p className={shared.wrong}>{why}</p>
          ) : job?.state === "running" ? (
            <Spinner label={t("running")} />
          ) : (
            <p className={shared.about}>{job?.state === "cancelled" ? t("cancelled") : t("waiting")}</p>
          )}
        </div>
        <div className={styles.bigWords}>
          <dl className={styles.facts}>
            {run.lines.map(({ name, values, node, input }, line) => {
              const value = values[at[line as 0 | 1 | 2]];
              return (
                <div key={`${node}/${input}`}>
                  <dt>{name}</dt>
                  <dd>{value ? valueName(String(value.value), t) : ""}</dd>
                </div>
              );
            })}
          </dl>
          {job && job.seconds > 0 && (
            <p className={shared.small}>{t("took", { time: durationText(job.seconds, language) })}</p>
          )}
          <fieldset className={styles.moves} aria-label={t("cell keys")}>
            {WAYS.map(([key, icon, words]) => (
              <IconButton
                key={key}
                icon={icon}
                look="plain"
                label={t(words)}
                disabled={keyOf(neighbour(at, key, size)) === keyOf(at)}
                onClick={() => onMove(neighbour(at, key, size))}
              />
            ))}
          </fieldset>
          <p className={shared.small}>{t("cell keys")}</p>
          <AllSettings run={run} at={at} />
          <div className={styles.deeds}>
            {job && (job.state === "failed" || job.state === "cancelled") && (
              <Button icon={RotateCcw} onClick={() => void attempt(() => retryJob(job.id))}>
                {t("retry")}
              </Button>
            )}
            {job && asset && (
              <>
                <Button
                  icon={Heart}
                  pressed={asset.favourite}
                  onClick={() => void attempt(() => favourite(job, asset, !asset.favourite))}
                >
                  {tp("favourite")}
                </Button>
                <Button icon={SlidersHorizontal} onClick={() => void makeAgain(asset.id)}>
                  {tp("use settings")}
                </Button>
                <Button
                  icon={Workflow}
                  onClick={() => void openIn("graph", asset.id, nameAt(run.lines, at, t))}
                >
                  {tp("open as graph")}
                </Button>
                <Button
                  icon={Grid3x3}
                  onClick={() => {
                    onClose();
                    void exploreFrom(asset);
                  }}
                >
                  {t("start here")}
                </Button>
                <Button icon={Diff} pressed={isReference} onClick={onReference}>
                  {isReference ? t("reference") : t("as reference")}
                </Button>
                <a className={styles.link} href={asset.url} download={asset.path.split("/").at(-1)}>
                  <Download size={16} aria-hidden /> {tp("download")}
                </a>
              </>
            )}
          </div>
        </div>
      </div>
    </Dialog>
  );
}

/** What the cell was made with, beside what the grid varies. */
function AllSettings({ run, at }: { run: Run; at: Place }) {
  const t = useTexts("explore");
  const { settings } = useSettings(run.base);
  const changes = [...run.fixed, ...changesAt(run.lines, at)];
  return (
    <details className={shared.fold}>
      <summary>{t("all settings")}</summary>
      <dl className={styles.all}>
        {settings.map((setting) => {
          const change = changes.findLast(
            ({ node, input }) => node === setting.node && input === setting.input,
          );
          return (
            <div key={setting.key}>
              <dt>{fullNameOf(setting, t)}</dt>
              <dd>{valueName(String(change ? change.value : setting.value), t)}</dd>
            </div>
          );
        })}
      </dl>
    </details>
  );
}
