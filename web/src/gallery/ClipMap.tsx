import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { failure } from "@/api/client";
import { useLanguage, useTexts } from "@/texts/texts";
import { Button, Spinner, Trouble } from "@/ui";
import { About, Directions, FEWEST, type MapProps, ToGrid, TooFew } from "./MapParts";
import styles from "./map.module.css";
import { Plane } from "./Plane";
import { mapQuery } from "./requests";

const AGAIN = 2000; // milliseconds, while too few have been looked at
const MOST = 2000; // pictures that the server lays out

/** Pictures laid out by what CLIP sees in them. */
export function ClipMap({ filter, method, onMethod, onGrid, ...wandered }: MapProps) {
  const t = useTexts("gallery");
  const { language } = useLanguage();
  const about = useId();
  const { data, error, refetch, isFetching, isPlaceholderData } = useQuery({
    ...mapQuery(filter, method),
    refetchInterval: ({ state: { data: known } }) =>
      known && known.pictures.length < FEWEST && known.waiting > 0 ? AGAIN : false,
  });
  if (error)
    return (
      <Trouble
        failure={failure(error)}
        actions={
          method === "pca" ? (
            <ToGrid onGrid={onGrid} />
          ) : (
            <Button onClick={() => onMethod("pca")}>{t("map pca")}</Button>
          )
        }
      />
    );
  if (!data)
    return (
      <div className={styles.wait}>
        <Spinner label={t("loading")} />
      </div>
    );
  const { pictures, explained, total, waiting } = data;
  const shown = pictures.length;
  if (shown < FEWEST)
    return (
      <TooFew onGrid={onGrid}>{waiting > 0 ? t("map soon", { n: waiting }) : t("map empty about")}</TooFew>
    );
  const isCut = total - waiting > shown && shown >= MOST;
  return (
    <>
      <About id={about} first={t("map about")}>
        {isCut && `${t("map newest", { n: shown.toLocaleString(language) })} `}
        <Directions shares={method === "pca" ? explained : []} />
      </About>
      {isPlaceholderData && (
        <p className={styles.waiting}>
          <Spinner label={t("loading")} />
        </p>
      )}
      {waiting > 0 && (
        <p className={styles.waiting} role="status">
          {t("map waiting", { n: waiting })}
          <Button look="quiet" busy={isFetching} onClick={() => void refetch()}>
            {t("map again")}
          </Button>
        </p>
      )}
      <Plane key={method} {...wandered} pictures={pictures} describedBy={about} />
    </>
  );
}
