import { useQuery } from "@tanstack/react-query";
import {
  ArrowUpToLine,
  ChevronDown,
  ChevronUp,
  CirclePause,
  CirclePlay,
  ListVideo,
  RotateCcw,
  X,
} from "lucide-react";
import { useState } from "react";
import { api, got, type Job } from "@/api/client";
import { queries, queueQuery } from "@/api/queries";
import { type LiveJob, progressOf, refreshQueue, useLive, useQueue } from "@/live/jobs";
import { retryJob } from "@/live/requests";
import { durationText } from "@/texts/measures";
import { said } from "@/texts/said";
import { useLanguage, useTexts } from "@/texts/texts";
import { Button, Empty, IconButton, Progress, Spinner, sayFailure } from "@/ui";
import styles from "./queue.module.css";

/** All jobs that wait or run, in their order, and those that have ended lately. */
export function QueuePanel() {
  const t = useTexts("queue");
  const jobs = useQueue();
  const queued = jobs.filter((job) => job.view.state === "queued");
  const ended = useLive((live) => live.ended);
  const known = useLive((live) => live.jobs);
  const [dragged, setDragged] = useState<string | null>(null);
  const isPaused = useQuery(queueQuery).data?.paused ?? false;
  return (
    <section className={styles.panel} aria-label={t("queue")}>
      <header className={styles.head}>
        <h2>{t("queue")}</h2>
        <span className={styles.count}>{jobs.length > 0 && t("jobs", { n: jobs.length })}</span>
        <IconButton
          icon={isPaused ? CirclePlay : CirclePause}
          label={isPaused ? t("resume") : t("pause")}
          pressed={isPaused}
          onClick={() =>
            act(async () => {
              const queue = await got(
                isPaused
                  ? api.POST("/api/v1/queue/resume")
                  : api.POST("/api/v1/queue/pause", { body: { running: "finish" } }),
              );
              queries.setQueryData(queueQuery.queryKey, queue);
            })
          }
        />
      </header>
      {isPaused && <p className={styles.paused}>{t("is paused")}</p>}
      {jobs.length === 0 && ended.length === 0 ? (
        <Empty icon={ListVideo} title={t("empty")}>
          <p>{t("empty about")}</p>
        </Empty>
      ) : (
        <ol className={styles.list}>
          {jobs.map((job) => (
            <li
              key={job.id}
              data-job={job.id}
              data-state={job.view.state}
              draggable={job.view.state === "queued"}
              className={dragged === job.id ? styles.dragged : undefined}
              onDragStart={() => setDragged(job.id)}
              onDragEnd={() => setDragged(null)}
              onDragOver={(event) => dragged && job.view.state === "queued" && event.preventDefault()}
              onDrop={() => dragged && dragged !== job.id && move(dragged, { before: job.id })}
            >
              <Entry
                job={job}
                onUp={
                  before(queued, job) !== undefined &&
                  (() => move(job.id, { before: before(queued, job) ?? null }))
                }
                onDown={
                  after(queued, job) !== undefined &&
                  (() => move(after(queued, job) ?? job.id, { before: job.id }))
                }
                onFront={before(queued, job) !== undefined && (() => move(job.id, { front: true }))}
              />
            </li>
          ))}
        </ol>
      )}
      {queued.length > 1 && (
        <Button look="quiet" icon={X} onClick={() => act(() => api.POST("/api/v1/queue/clear"))}>
          {t("clear")}
        </Button>
      )}
      {ended.length > 0 && (
        <>
          <h3 className={styles.past}>{t("done lately")}</h3>
          <ol className={styles.list}>
            {ended.slice(0, 12).map((id) => {
              const job = known[id];
              return job ? (
                <li key={id} data-job={id} data-state={job.view.state}>
                  <Ended job={job.view} />
                </li>
              ) : null;
            })}
          </ol>
        </>
      )}
    </section>
  );
}

function Entry({
  job,
  onUp,
  onDown,
  onFront,
}: {
  job: LiveJob;
  onUp?: (() => void) | false;
  onDown?: (() => void) | false;
  onFront?: (() => void) | false;
}) {
  const t = useTexts("queue");
  const { language } = useLanguage();
  const isRunning = job.view.state === "running";
  const { share, seconds } = progressOf(job);
  const preview = Object.values(job.previews).at(-1);
  return (
    <article className={styles.entry} aria-label={job.view.title || t("untitled")}>
      <span className={styles.picture}>
        {preview ? <img src={preview} alt="" /> : isRunning && <Spinner label={t("running")} />}
      </span>
      <div className={styles.words}>
        <p className={styles.title}>{job.view.title || t("untitled")}</p>
        <p className={styles.about}>
          {isRunning
            ? seconds === null
              ? t("running")
              : t("time left", { time: durationText(seconds, language) })
            : t("waiting")}
        </p>
        {isRunning && <Progress label={t("running")} value={share} />}
      </div>
      <div className={styles.buttons}>
        {onFront && <IconButton icon={ArrowUpToLine} label={t("to front")} onClick={onFront} />}
        {onUp && <IconButton icon={ChevronUp} label={t("up")} onClick={onUp} />}
        {onDown && <IconButton icon={ChevronDown} label={t("down")} onClick={onDown} />}
        <IconButton
          icon={X}
          label={t("cancel")}
          onClick={() =>
            act(() => api.POST("/api/v1/jobs/{job}/cancel", { params: { path: { job: job.id } } }))
          }
        />
      </div>
    </article>
  );
}

function Ended({ job }: { job: Job }) {
  const t = useTexts("queue");
  const picture = job.outputs.find((output) => output.asset?.thumbnail)?.asset;
  return (
    <article className={styles.entry} aria-label={job.title || t("untitled")}>
      <span className={styles.picture}>
        {picture?.thumbnail && <img src={`${picture.thumbnail}?size=128`} alt="" />}
      </span>
      <div className={styles.words}>
        <p className={styles.title}>{job.title || t("untitled")}</p>
        <p className={styles.about}>{t(job.state)}</p>
        {job.error && <p className={styles.wrong}>{said().text(job.error.what)}</p>}
      </div>
      {(job.state === "failed" || job.state === "cancelled") && (
        <IconButton icon={RotateCcw} label={t("again")} onClick={() => act(() => retryJob(job.id))} />
      )}
    </article>
  );
}

function before(queued: readonly LiveJob[], job: LiveJob): string | undefined {
  return queued[queued.indexOf(job) - 1]?.id;
}

function after(queued: readonly LiveJob[], job: LiveJob): string | undefined {
  return queued.includes(job) ? queued[queued.indexOf(job) + 1]?.id : undefined;
}

function move(job: string, to: { before?: string | null; front?: boolean }): void {
  act(() =>
    api.POST("/api/v1/jobs/{job}/move", {
      params: { path: { job } },
      body: { before: null, front: false, ...to },
    }),
  );
}

/** Do something to the queue, and show it as it is then. */
function act(doing: () => Promise<unknown>): void {
  doing()
    .then(() => refreshQueue())
    .catch(sayFailure);
}
