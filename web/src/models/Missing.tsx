import { useQuery } from "@tanstack/react-query";
import { CircleCheck, RotateCcw } from "lucide-react";
import { useState } from "react";
import { failure } from "@/api/client";
import { modelsQuery, queries } from "@/api/queries";
import { handOver } from "@/app/handover";
import { useTexts } from "@/texts/texts";
import { Button, Choice, Empty, Notice, Progress, say, sayFailure, Trouble } from "@/ui";
import { useFolderName } from "./Folders";
import { editorOf, findMissing, type MissingFile, type Naming, putInstead, restoreAll } from "./missingFiles";
import styles from "./models.module.css";

const KEY = ["models", "", "missing"];

/** Files that saved workflows name and that are not there, with those that may be meant. */
export function Missing() {
  const t = useTexts("models");
  const [progress, setProgress] = useState<[number, number]>([0, 1]);
  const answer = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => findMissing((done, total) => setProgress([done, Math.max(1, total)]), signal),
  });
  if (answer.error)
    return (
      <div className={styles.page}>
        <Trouble failure={failure(answer.error)} />
      </div>
    );
  if (!answer.data)
    return (
      <div className={styles.page}>
        <p>{t("looking through")}</p>
        <Progress label={t("looking through")} value={progress[0] / progress[1]} />
      </div>
    );
  const { files, unread } = answer.data;
  if (files.length === 0 && unread.length === 0)
    return (
      <Empty icon={CircleCheck} title={t("none missing")}>
        <p>{t("none missing about")}</p>
      </Empty>
    );
  return (
    <div className={styles.page}>
      <div className={styles.groupHead}>
        <p>{t("missing about", { n: files.length })}</p>
        <Button icon={RotateCcw} busy={answer.isFetching} onClick={() => void answer.refetch()}>
          {t("look again")}
        </Button>
      </div>
      {unread.length > 0 && <Notice>{t("unread", { names: unread.join(", ") })}</Notice>}
      <ul className={styles.groups}>
        {files.map((file) => (
          <li key={`${file.folder}/${file.name}`}>
            <Entry file={file} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Entry({ file }: { file: MissingFile }) {
  const t = useTexts("models");
  const nameOf = useFolderName();
  const [chosen, setChosen] = useState(file.nearest[0] ?? "");
  const here = useQuery(modelsQuery(file.folder)).data ?? [];
  const others = here.map(({ name }) => name).filter((name) => !file.nearest.includes(name));
  const [isBusy, setBusy] = useState(false);
  const { name, folder, nearest, workflows } = file;
  async function replace() {
    setBusy(true);
    try {
      await putInstead(file, chosen, t("version note", { from: name, to: chosen }));
      say(t("put instead", { n: workflows.length, name: chosen }), {
        action: {
          label: t("undo"),
          act: () => void restoreAll(workflows).then(again, refused),
        },
      });
      await again();
    } catch (error) {
      refused(error);
    }
    setBusy(false);
  }
  return (
    <article className={styles.group}>
      <p className={styles.groupHead}>
        <strong>{name}</strong>
        <span className={styles.quiet}>{nameOf(folder)}</span>
      </p>
      <p className={styles.namedBy}>
        <span>{t("named by")}</span>
        {workflows.map((workflow) => (
          <button
            key={workflow.id}
            type="button"
            className={styles.open}
            onClick={() => void openWorkflow(workflow)}
          >
            {workflow.name}
          </button>
        ))}
      </p>
      {nearest.length + others.length > 0 ? (
        <div className={styles.uses}>
          <div className={styles.nearest}>
            <Choice
              bare
              label={t("nearest")}
              value={chosen}
              options={[...nearest, ...others]}
              onChange={setChosen}
            />
          </div>
          <Button look="primary" busy={isBusy} disabled={!chosen} onClick={() => void replace()}>
            {t("use instead", { n: workflows.length })}
          </Button>
        </div>
      ) : (
        <p>{t("nothing near", { folder: nameOf(folder) })}</p>
      )}
    </article>
  );
}

async function openWorkflow({ id, name }: Naming): Promise<void> {
  try {
    handOver("graph", { editor: await editorOf(id), name, workflowId: id });
  } catch (error) {
    refused(error);
  }
}

function again(): Promise<void> {
  return queries.invalidateQueries({ queryKey: KEY });
}

function refused(error: unknown): void {
  sayFailure(error);
}
