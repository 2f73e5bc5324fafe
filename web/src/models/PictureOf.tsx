import { useQuery } from "@tanstack/react-query";
import { ImagePlus, Images, Package } from "lucide-react";
import { useState } from "react";
import type { Model } from "@/api/client";
import { sessionQuery } from "@/api/queries";
import { useTexts } from "@/texts/texts";
import { Button, classes, hasFiles, say, sayFailure, useDrop, useFiles } from "@/ui";
import styles from "./models.module.css";
import { newestQuery, setPicture, setPictureFrom, usePicture } from "./requests";

/** The picture that stands for a model; another is put there by dropping it, or from what was made with the model. */
export function PictureOf({ model }: { model: Model }) {
  const t = useTexts("models");
  const own = usePicture(model);
  const mayChange = useQuery(sessionQuery).data?.admin ?? false;
  const newest = useQuery(newestQuery(model)).data;
  const [isBusy, setBusy] = useState(false);
  const picture = own ?? (newest?.thumbnail ? `${newest.thumbnail}?size=512` : null);
  async function put(doing: () => Promise<void>) {
    setBusy(true);
    try {
      await doing();
      say(t("picture set"));
    } catch (error) {
      sayFailure(error);
    }
    setBusy(false);
  }
  const putFile = ([file]: readonly File[]) => file && void put(() => setPicture(model, file));
  const { isOver, drop } = useDrop(
    (data) => mayChange && hasFiles(data),
    ({ files }) => putFile([...files]),
  );
  const { choose, input } = useFiles(putFile, "image/png,image/jpeg,image/webp");
  return (
    <section aria-label={t("picture")} className={styles.picture} {...drop}>
      <div className={classes(styles.frame, isOver && styles.over)}>
        {picture ? (
          <img
            src={picture}
            alt={own ? t("picture of", { name: model.name }) : t("newest of", { name: model.name })}
          />
        ) : (
          <span className={styles.blank}>
            <Package size={36} strokeWidth={1.4} aria-hidden />
            {mayChange && t("drop picture")}
          </span>
        )}
      </div>
      {mayChange && (
        <div className={styles.uses}>
          <input {...input} />
          <Button icon={ImagePlus} busy={isBusy} onClick={choose}>
            {t("choose picture")}
          </Button>
          {newest && (
            <Button
              icon={Images}
              disabled={isBusy}
              onClick={() => void put(() => setPictureFrom(model, newest))}
            >
              {t("use newest")}
            </Button>
          )}
        </div>
      )}
    </section>
  );
}
