import { useQuery } from "@tanstack/react-query";
import { FolderOpen, ImagePlus, Images, Sparkles } from "lucide-react";
import { useState } from "react";
import { failure, wordsOf } from "@/api/client";
import { useTexts } from "@/texts/texts";
import {
  attempt,
  Button,
  Choice,
  classes,
  Empty,
  hasFiles,
  Notice,
  Progress,
  Spinner,
  Trouble,
  useDrop,
  useFiles,
} from "@/ui";
import { PictureCard } from "./PictureCard";
import { type Folder, foldersQuery, proposeCaptions, writeCaption } from "./requests";
import styles from "./training.module.css";
import { useUploads } from "./useUploads";

const FEW = 5; // pictures, with fewer of which hardly anything is learned
const ACCEPTED = "image/*,.txt,.caption";

/** The pictures to learn from: brought here or found in a folder, each with what is said of it. */
export function Pictures({
  name,
  folder,
  data,
  error,
  onFolder,
  onMore,
}: {
  /** Of the run, after which a new folder is called. */
  name: string;
  folder: string;
  data: Folder | undefined;
  error: unknown;
  onFolder: (folder: string) => void;
  onMore: () => void;
}) {
  const t = useTexts("training");
  const uploads = useUploads({ name, folder, taken: data?.pictures ?? [], onFolder });
  const files = useFiles(uploads.bring, ACCEPTED);
  const { isOver, drop } = useDrop(hasFiles, (dropped) => uploads.bring([...dropped.files]));
  const [proposals, setProposals] = useState<Readonly<Record<string, string>>>({});
  const [isProposing, setProposing] = useState(false);
  const pictures = data?.pictures ?? [];
  const bare = pictures.filter((picture) => !picture.caption && !proposals[picture.name]);
  const waiting = pictures.filter((picture) => proposals[picture.name]);
  const alone = data?.problems.filter(({ file }) => !pictures.some((picture) => picture.name === file)) ?? [];

  function forget(done: readonly string[]) {
    setProposals((before) =>
      Object.fromEntries(Object.entries(before).filter(([one]) => !done.includes(one))),
    );
  }
  async function propose() {
    setProposing(true);
    await attempt(() =>
      proposeCaptions(
        folder,
        bare.map((picture) => picture.name),
        (more) => setProposals((before) => ({ ...before, ...more })),
      ),
    );
    setProposing(false);
  }
  async function takeAll() {
    for (const picture of waiting) {
      const done = await attempt(() => writeCaption(folder, picture.name, proposals[picture.name] ?? null));
      if (!done) return;
      uploads.told(done);
      forget([picture.name]);
    }
  }

  return (
    <section className={classes(styles.pictures, isOver && styles.over)} aria-label={t("pictures")} {...drop}>
      <input {...files.input} multiple />
      {folder && (
        <header className={styles.tools}>
          <h2>{t("pictures of", { n: data?.total ?? 0 })}</h2>
          <span className={styles.quiet} role="status">
            {data && t("with caption", { n: data.captioned })}
          </span>
          <span className={styles.spring} />
          {waiting.length > 0 ? (
            <>
              <Button onClick={() => setProposals({})}>{t("take none")}</Button>
              <Button look="primary" onClick={() => void takeAll()}>
                {t("take all", { n: waiting.length })}
              </Button>
            </>
          ) : (
            bare.length > 0 && (
              <Button icon={Sparkles} busy={isProposing} onClick={() => void propose()}>
                {t("propose captions")}
              </Button>
            )
          )}
          <Button icon={ImagePlus} onClick={files.choose}>
            {t("add pictures")}
          </Button>
          <Button look="quiet" icon={FolderOpen} onClick={() => onFolder("")}>
            {t("other folder")}
          </Button>
        </header>
      )}
      {uploads.total > 0 && (
        <div className={styles.uploading} role="status">
          <span>{t("bringing", { done: uploads.done, total: uploads.total })}</span>
          <Progress label={t("bringing pictures")} value={uploads.done / uploads.total} />
        </div>
      )}
      {folder && error !== null && error !== undefined && <Trouble failure={failure(error)} />}
      {alone.length + uploads.refused.length > 0 && (
        <Notice kind="bad">
          <ul className={styles.report}>
            {uploads.refused.map(({ file, why }) => (
              <li key={`${file} ${why}`}>
                <strong>{file}</strong> {why}
              </li>
            ))}
            {alone.map((problem) => (
              <li key={`${problem.file} ${problem.what}`}>
                {!problem.what.includes(problem.file) && <strong>{problem.file} </strong>}
                {wordsOf(problem)}
              </li>
            ))}
          </ul>
        </Notice>
      )}
      {data && data.total > 0 && data.total < FEW && <p className={styles.quiet}>{t("few pictures")}</p>}
      {!folder ? (
        <Empty icon={Images} title={t("drop pictures")}>
          <p className={styles.emptyAbout}>{t("drop pictures about")}</p>
          <Button look="primary" icon={ImagePlus} onClick={files.choose}>
            {t("choose pictures")}
          </Button>
          <Folders onFolder={onFolder} />
        </Empty>
      ) : data ? (
        <>
          <ul className={styles.grid}>
            {pictures.map((picture) => (
              <PictureCard
                key={picture.name}
                folder={folder}
                picture={picture}
                problems={data.problems.filter(({ file }) => file === picture.name)}
                proposal={proposals[picture.name]}
                onTold={(told) => {
                  uploads.told(told);
                  forget([told.name]);
                }}
                onRefuse={() => forget([picture.name])}
              />
            ))}
          </ul>
          {data.total > pictures.length && (
            <Button look="quiet" onClick={onMore}>
              {t("show more", { n: data.total - pictures.length })}
            </Button>
          )}
        </>
      ) : (
        !error && (
          <div className={styles.wait}>
            <Spinner label={t("loading")} />
          </div>
        )
      )}
    </section>
  );
}

/** Pictures that are on the server already. */
function Folders({ onFolder }: { onFolder: (folder: string) => void }) {
  const t = useTexts("training");
  const folders = useQuery(foldersQuery);
  if (!folders.data?.length) return null;
  return (
    <div className={styles.folders}>
      <Choice
        label={t("from folder")}
        placeholder={t("from folder")}
        bare
        value=""
        options={folders.data.map(({ folder, pictures }) => ({
          value: folder,
          about: t("pictures of", { n: pictures }),
        }))}
        onChange={onFolder}
      />
    </div>
  );
}
