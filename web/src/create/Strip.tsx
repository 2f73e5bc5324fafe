import { CircleAlert, Clock } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef } from "react";
import type { Asset } from "@/api/client";
import { isOpen, type LiveJob } from "@/live/jobs";
import { useSteady } from "@/live/steady";
import { carry } from "@/pictures/carrying";
import { FavouriteMark } from "@/pictures/Favourite";
import { useTexts } from "@/texts/texts";
import { AtPointer, classes, Spinner } from "@/ui";
import { usePictureActions } from "./pictureActions";
import type { Results } from "./results";
import { choose } from "./store";
import styles from "./strip.module.css";
import type { Subject } from "./subject";

/** What is being made and what was made, the newest first; arrows move through it. */
export function Strip({
  subject,
  run,
  results,
  onOpen,
}: {
  subject: Subject;
  run: readonly LiveJob[];
  results: Results;
  onOpen: () => void;
}) {
  const t = useTexts("create");
  const list = useRef<HTMLUListElement>(null);
  const end = useRef<HTMLLIElement>(null);
  const { more, pictures } = results;
  const jobs = run.filter(({ view }) => isOpen(view) || view.state === "failed");
  const shown = subject === null ? null : subject.kind === "job" ? subject.job.id : subject.asset.id;
  const isListed = jobs.some(({ id }) => id === shown) || pictures.some(({ id }) => id === shown);
  const first = jobs[0]?.id ?? pictures[0]?.id;
  useEffect(() => {
    const mark = end.current;
    if (!mark) return;
    const watch = new IntersectionObserver(
      (seen) => seen.some(({ isIntersecting }) => isIntersecting) && more(),
      {
        root: list.current,
        rootMargin: "600px",
      },
    );
    watch.observe(mark);
    return () => watch.disconnect();
  }, [more]);
  function onKeyDown(event: KeyboardEvent) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step || !list.current) return;
    event.preventDefault();
    const buttons = [...list.current.querySelectorAll<HTMLElement>("button")];
    const at = buttons.findIndex((button) => button.contains(document.activeElement));
    const next = buttons[Math.min(buttons.length - 1, Math.max(0, at + step))];
    next?.focus();
    next?.click();
  }
  const tab = (id: string) => ((isListed ? id === shown : id === first) ? 0 : -1);
  return (
    <section className={styles.strip} aria-label={t("results")}>
      <ul ref={list} className={styles.list} onKeyDown={onKeyDown}>
        {jobs.map((job) => (
          <li key={job.id}>
            <JobTile job={job} isShown={job.id === shown} tab={tab(job.id)} />
          </li>
        ))}
        {pictures.map((asset) => (
          <li key={asset.id}>
            <PictureTile asset={asset} isShown={asset.id === shown} tab={tab(asset.id)} onOpen={onOpen} />
          </li>
        ))}
        {results.areNone && jobs.length === 0 && <li className={styles.none}>{t("no results")}</li>}
        <li ref={end} aria-hidden className={styles.end} />
      </ul>
    </section>
  );
}

function JobTile({ job, isShown, tab }: { job: LiveJob; isShown: boolean; tab: number }) {
  const t = useTexts("create");
  const preview = useSteady(Object.values(job.previews).at(-1));
  const { state } = job.view;
  return (
    <button
      type="button"
      className={classes(styles.tile, isShown && styles.shown)}
      aria-current={isShown || undefined}
      tabIndex={tab}
      aria-label={state === "failed" ? t("tile failed") : state === "queued" ? t("waits") : t("developing")}
      data-state={state}
      onClick={() => choose({ job: job.id })}
    >
      {state === "failed" ? (
        <CircleAlert size={20} className={styles.bad} aria-hidden />
      ) : preview ? (
        <img src={preview} alt="" />
      ) : state === "queued" ? (
        <Clock size={18} aria-hidden />
      ) : (
        <Spinner label={t("getting ready")} />
      )}
    </button>
  );
}

function PictureTile({
  asset,
  isShown,
  tab,
  onOpen,
}: {
  asset: Asset;
  isShown: boolean;
  tab: number;
  onOpen: () => void;
}) {
  const t = useTexts("create");
  const actions = usePictureActions(asset);
  return (
    <AtPointer items={actions.all}>
      <button
        type="button"
        className={classes(styles.tile, isShown && styles.shown)}
        aria-current={isShown || undefined}
        tabIndex={tab}
        aria-label={asset.prompt || t("picture")}
        title={asset.prompt}
        draggable
        onDragStart={({ dataTransfer }) => carry([asset], dataTransfer)}
        onClick={() => choose({ asset })}
        onDoubleClick={onOpen}
      >
        <img src={`${asset.thumbnail ?? asset.url}?size=256`} alt="" loading="lazy" decoding="async" />
        {asset.favourite && <FavouriteMark />}
      </button>
    </AtPointer>
  );
}
