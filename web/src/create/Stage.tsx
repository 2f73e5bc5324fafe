import { CircleSlash, Clock, Dices, RotateCcw, Sparkles } from "lucide-react";
import { type ReactNode, useState } from "react";
import { type Asset, Failure } from "@/api/client";
import { type LiveJob, useLive } from "@/live/jobs";
import { useSteady } from "@/live/steady";
import { carry } from "@/pictures/carrying";
import { said } from "@/texts/said";
import { useTexts } from "@/texts/texts";
import { Button, Empty, Spinner, Trouble } from "@/ui";
import { again, make, makeAnother } from "./making";
import styles from "./stage.module.css";
import { edit, forget, useStudio } from "./store";
import type { Subject } from "./subject";

/** The middle of the page: what is being made as it develops, and what has been made. */
export function Stage({
  subject,
  ratio,
  isFirst,
  onOpen,
}: {
  subject: Subject;
  /** Width to height of what is being made, where it is known. */
  ratio: number;
  /** Whether nothing has ever been made. */
  isFirst: boolean;
  onOpen: () => void;
}) {
  const t = useTexts("create");
  const refused = useStudio((studio) => studio.refused);
  const isSending = useStudio(({ sending }) => sending);
  if (refused)
    return (
      <div className={styles.stage}>
        <div className={styles.trouble}>
          <Trouble
            failure={refused}
            actions={<Button onClick={() => useStudio.setState({ refused: null })}>{t("understood")}</Button>}
          />
          {refused.problems.length > 1 && (
            <ul className={styles.problems}>
              {refused.problems.map((problem, at) => (
                <li key={at}>{said().text(problem.message)}</li>
              ))}
            </ul>
          )}
        </div>
      </div>
    );
  if (!subject)
    return (
      <div className={styles.stage} data-empty={isFirst || undefined}>
        {isSending ? <Spinner label={t("sending")} /> : isFirst && <FirstVisit />}
      </div>
    );
  return (
    <div className={styles.stage}>
      {subject.kind === "picture" ? (
        <Finished key={subject.job?.id ?? "chosen"} asset={subject.asset} job={subject.job} onOpen={onOpen} />
      ) : (
        <Developing job={subject.job} ratio={ratio} />
      )}
    </div>
  );
}

function Frame({ ratio, children }: { ratio: number; children: ReactNode }) {
  return (
    <div className={styles.frame} style={{ aspectRatio: ratio, width: `min(100cqw, ${100 * ratio}cqh)` }}>
      {children}
    </div>
  );
}

/** A picture, over the last preview of it until it is there. */
function Finished({ asset, job, onOpen }: { asset: Asset; job: LiveJob | null; onOpen: () => void }) {
  const t = useTexts("create");
  const preview = job && Object.values(job.previews).at(-1);
  const alt = asset.prompt || t("picture");
  return (
    <Frame ratio={asset.width && asset.height ? asset.width / asset.height : 1}>
      {preview && <img className={styles.under} src={preview} alt="" />}
      <button
        type="button"
        className={styles.open}
        onClick={onOpen}
        aria-label={t("open big", { prompt: alt })}
      >
        <img
          className={styles.picture}
          src={asset.url}
          alt={alt}
          draggable
          onDragStart={({ dataTransfer }) => carry([asset], dataTransfer)}
        />
      </button>
      {job && asset.created < job.view.created && (
        <div className={styles.before}>
          <p>{t("made before")}</p>
          <Button icon={Dices} onClick={makeAnother}>
            {t("another seed")}
          </Button>
        </div>
      )}
    </Frame>
  );
}

function Developing({ job, ratio }: { job: LiveJob; ratio: number }) {
  const t = useTexts("create");
  const before = useLive(({ order }) => Math.max(0, order.indexOf(job.id)));
  const preview = useSteady(Object.values(job.previews).at(-1));
  const [measured, setMeasured] = useState<number | null>(null);
  switch (job.view.state) {
    case "failed": {
      const error = job.view.error ?? { what: t("failed"), where: "", mend: "" };
      return (
        <div className={styles.trouble}>
          <Trouble
            failure={new Failure(error, 0)}
            actions={
              <div className={styles.ways}>
                <Button icon={RotateCcw} onClick={() => void again(job.id)}>
                  {t("try again")}
                </Button>
                <Button look="quiet" onClick={() => forget(job.id)}>
                  {t("understood")}
                </Button>
              </div>
            }
          />
        </div>
      );
    }
    case "cancelled":
      return (
        <Empty icon={CircleSlash} title={t("cancelled")}>
          <Button icon={RotateCcw} onClick={() => void again(job.id)}>
            {t("make after all")}
          </Button>
        </Empty>
      );
    default:
      return (
        <Frame ratio={measured ?? ratio}>
          {preview ? (
            <img
              className={styles.developing}
              src={preview}
              alt={t("developing")}
              onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
                setMeasured(naturalWidth / naturalHeight)
              }
            />
          ) : (
            <div className={styles.waiting}>
              {job.view.state === "queued" ? (
                <>
                  <Clock size={24} aria-hidden />
                  <p>{before > 0 ? t("waits behind", { n: before }) : t("waits")}</p>
                </>
              ) : (
                <>
                  <Spinner label={t("getting ready")} />
                  <p>{t("getting ready")}</p>
                </>
              )}
            </div>
          )}
        </Frame>
      );
  }
}

/** Before anything has been made: something to begin with. */
function FirstVisit() {
  const t = useTexts("create");
  const examples = [t("example 1"), t("example 2"), t("example 3"), t("example 4")];
  return (
    <Empty icon={Sparkles} title={t("first title")}>
      <p>{t("first about")}</p>
      <ul className={styles.examples}>
        {examples.map((example) => (
          <li key={example}>
            <Button
              onClick={() => {
                edit({ prompt: example });
                void make();
              }}
            >
              {example}
            </Button>
          </li>
        ))}
      </ul>
    </Empty>
  );
}
