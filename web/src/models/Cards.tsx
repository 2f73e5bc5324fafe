import { useQuery } from "@tanstack/react-query";
import { Package } from "lucide-react";
import type { Model } from "@/api/client";
import { sizeText } from "@/texts/measures";
import { said } from "@/texts/said";
import { useLanguage } from "@/texts/texts";
import { cardClass, classes } from "@/ui";
import { keyOf } from "./listing";
import styles from "./models.module.css";
import { newestQuery, usePicture } from "./requests";

/** Models as cards with pictures: their own, else the newest that was made with them. */
export function Cards({
  models,
  shown,
  onShow,
}: {
  models: readonly Model[];
  shown: string;
  onShow: (key: string) => void;
}) {
  return (
    <ul className={styles.cards}>
      {models.map((model) => (
        <li key={keyOf(model)}>
          <Card model={model} isOpen={shown === keyOf(model)} onShow={onShow} />
        </li>
      ))}
    </ul>
  );
}

function Card({ model, isOpen, onShow }: { model: Model; isOpen: boolean; onShow: (key: string) => void }) {
  const { language } = useLanguage();
  const own = usePicture(model);
  const newest = useQuery({
    ...newestQuery(model),
    enabled: !own && (model.used > 0 || model.folder === "checkpoints"),
  });
  const picture = own ?? (newest.data?.thumbnail ? `${newest.data.thumbnail}?size=256` : null);
  return (
    <button
      type="button"
      className={classes(cardClass, styles.card)}
      aria-current={isOpen || undefined}
      onClick={() => onShow(keyOf(model))}
    >
      {picture ? (
        <img src={picture} alt="" loading="lazy" />
      ) : (
        <span className={styles.blank}>
          <Package size={28} strokeWidth={1.4} aria-hidden />
        </span>
      )}
      <span className={styles.cardName}>{model.name}</span>
      <small>{[said().text(model.about), sizeText(model.bytes, language)].filter(Boolean).join(" · ")}</small>
    </button>
  );
}
