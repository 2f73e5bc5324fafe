import { ArrowDown, ArrowUp, Package } from "lucide-react";
import { memo } from "react";
import type { Model } from "@/api/client";
import { dayText, sizeText } from "@/texts/measures";
import { said } from "@/texts/said";
import { useLanguage, useTexts } from "@/texts/texts";
import { Chip } from "@/ui";
import { useFolderName } from "./Folders";
import { keyOf, type Place, type SortKey } from "./listing";
import styles from "./models.module.css";
import { usePicture } from "./requests";

const COLUMNS = ["name", "folder", "family", "bytes", "used", "last"] as const satisfies SortKey[];

/** Models as rows, sorted by any column. */
export function ModelTable({
  models,
  families,
  place,
  onShow,
  onSort,
}: {
  models: readonly Model[];
  families: readonly { family: string; title: string }[];
  place: Place;
  onShow: (key: string) => void;
  onSort: (sort: SortKey, isUp: boolean) => void;
}) {
  const t = useTexts("models");
  const columns = COLUMNS.filter((column) => column !== "folder" || !place.folder);
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          {columns.map((column) => {
            const isBy = place.sort === column;
            const isText = column === "name" || column === "folder" || column === "family";
            return (
              <th
                key={column}
                scope="col"
                data-column={column}
                aria-sort={isBy ? (place.isUp ? "ascending" : "descending") : undefined}
              >
                <button type="button" onClick={() => onSort(column, isBy ? !place.isUp : isText)}>
                  {t(`column ${column}`)}
                  {isBy &&
                    (place.isUp ? <ArrowUp size={13} aria-hidden /> : <ArrowDown size={13} aria-hidden />)}
                </button>
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody>
        {models.map((model) => (
          <Row
            key={keyOf(model)}
            model={model}
            hasFolder={!place.folder}
            family={model.families
              .map((family) => families.find((known) => known.family === family)?.title ?? family)
              .join(", ")}
            isOpen={place.show === keyOf(model)}
            onShow={onShow}
          />
        ))}
      </tbody>
    </table>
  );
}

const Row = memo(function Row({
  model,
  hasFolder,
  family,
  isOpen,
  onShow,
}: {
  model: Model;
  hasFolder: boolean;
  family: string;
  isOpen: boolean;
  onShow: (key: string) => void;
}) {
  const t = useTexts("models");
  const { language } = useLanguage();
  const nameOf = useFolderName();
  return (
    <tr aria-current={isOpen || undefined} onClick={() => onShow(keyOf(model))}>
      <td>
        <div className={styles.named}>
          <Picture model={model} />
          <div>
            <button type="button" className={styles.open} onClick={() => onShow(keyOf(model))}>
              {model.name}
            </button>
            {(model.tags.length > 0 || model.duplicates.length > 0) && (
              <p className={styles.chips}>
                {model.duplicates.length > 0 && <Chip className={styles.twice}>{t("there twice")}</Chip>}
                {model.tags.map((tag) => (
                  <Chip key={tag}>{tag}</Chip>
                ))}
              </p>
            )}
          </div>
        </div>
      </td>
      {hasFolder && <td>{nameOf(model.folder)}</td>}
      <td title={said().text(model.about)}>{family || said().text(model.about)}</td>
      <td className={styles.number}>{sizeText(model.bytes, language)}</td>
      <td className={styles.number}>{model.used || "–"}</td>
      <td className={styles.number}>{model.last_used ? dayText(model.last_used, language) : "–"}</td>
    </tr>
  );
});

function Picture({ model }: { model: Model }) {
  const picture = usePicture(model);
  return picture ? (
    <img className={styles.small} src={picture} alt="" loading="lazy" />
  ) : (
    <span className={styles.small}>
      <Package size={16} aria-hidden />
    </span>
  );
}
