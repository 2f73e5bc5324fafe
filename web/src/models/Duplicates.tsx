import { useQueries, useQuery } from "@tanstack/react-query";
import { CopyCheck, ScanSearch } from "lucide-react";
import { useState } from "react";
import { failure, type Model, type Schemas } from "@/api/client";
import { modelsQuery, queries } from "@/api/queries";
import { sizeText } from "@/texts/measures";
import { useLanguage, useTexts } from "@/texts/texts";
import { Button, Chip, Empty, Spinner, sayFailure, Trouble } from "@/ui";
import { useFolderName } from "./Folders";
import { keyOf, spare } from "./listing";
import styles from "./models.module.css";
import { duplicatesQuery, hashOf } from "./requests";

/** Files that are there more than once, and how much room they take. */
export function Duplicates({ onShow }: { onShow: (key: string) => void }) {
  const t = useTexts("models");
  const { language } = useLanguage();
  const answer = useQuery(duplicatesQuery);
  const folders = [...new Set(answer.data?.flatMap(({ models }) => models.map(({ folder }) => folder)))];
  const models = useQueries({ queries: folders.map(modelsQuery) }).flatMap(({ data }) => data ?? []);
  if (answer.error)
    return (
      <div className={styles.page}>
        <Trouble failure={failure(answer.error)} />
      </div>
    );
  if (!answer.data)
    return (
      <div className={styles.page}>
        <Spinner label={t("loading")} />
      </div>
    );
  if (answer.data.length === 0)
    return (
      <Empty icon={CopyCheck} title={t("no duplicates")}>
        <p>{t("no duplicates about")}</p>
      </Empty>
    );
  return (
    <div className={styles.page}>
      <p>{t("could be free", { size: sizeText(spare(answer.data), language) })}</p>
      <p className={styles.quiet}>{t("how to free")}</p>
      <ul className={styles.groups}>
        {answer.data.map((group) => (
          <li key={group.models.map(keyOf).join()}>
            <Group group={group} models={models} onShow={onShow} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Group({
  group: { bytes, certain, models: named },
  models,
  onShow,
}: {
  group: Schemas["DuplicatesView"];
  models: readonly Model[];
  onShow: (key: string) => void;
}) {
  const t = useTexts("models");
  const { language } = useLanguage();
  const nameOf = useFolderName();
  const [isBusy, setBusy] = useState(false);
  async function makeSure() {
    setBusy(true);
    try {
      for (const name of named) await hashOf(name);
      await queries.invalidateQueries({ queryKey: duplicatesQuery.queryKey });
    } catch (error) {
      sayFailure(error);
    }
    setBusy(false);
  }
  return (
    <article className={styles.group}>
      <p className={styles.groupHead}>
        <strong>{t("each of", { n: named.length, size: sizeText(bytes, language) })}</strong>
        <Chip>{certain ? t("certain") : t("likely")}</Chip>
        {!certain && (
          <Button icon={ScanSearch} busy={isBusy} onClick={() => void makeSure()}>
            {isBusy ? t("hashing") : t("make sure")}
          </Button>
        )}
      </p>
      <ul>
        {named.map((name) => {
          const model = models.find((known) => keyOf(known) === keyOf(name));
          return (
            <li key={keyOf(name)}>
              <button type="button" className={styles.open} onClick={() => onShow(keyOf(name))}>
                {name.name}
              </button>
              <span className={styles.quiet}>
                {nameOf(name.folder)}
                {model?.path && ` · ${model.path}`}
              </span>
            </li>
          );
        })}
      </ul>
    </article>
  );
}
