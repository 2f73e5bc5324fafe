import { queryOptions, useQuery } from "@tanstack/react-query";
import { ImageUp } from "lucide-react";
import { useId, useState } from "react";
import { type Asset, api, got } from "@/api/client";
import { fileName } from "@/pictures/picture";
import { useBringing } from "@/pictures/useBringing";
import { useTexts } from "@/texts/texts";
import { Button, classes } from "@/ui";
import styles from "./experiments.module.css";

const MOST = 16;

const recentQuery = queryOptions({
  queryKey: ["assets", "recent"],
  queryFn: async () => {
    const query = { folder: "output", kind: "images", limit: MOST } as const;
    return (await got(api.GET("/api/v1/assets", { params: { query } }))).assets;
  },
});

/** One picture of those that were made last, or another that is dropped or chosen from the disk. */
export function PictureChoice({
  label,
  own,
  isOwnOffered,
  value,
  onChange,
}: {
  label: string;
  /** The picture that is looked into. */
  own: Asset;
  isOwnOffered: boolean;
  value: Asset | null;
  onChange: (picture: Asset) => void;
}) {
  const t = useTexts("tray");
  const id = useId();
  const recent = useQuery(recentQuery).data ?? [];
  const [brought, setBrought] = useState<readonly Asset[]>([]);
  const { isOver, isBusy, drop, choose, input } = useBringing((picture) => {
    setBrought((before) => [picture, ...before.filter((other) => other.id !== picture.id)]);
    onChange(picture);
  });
  const known = new Set([own.id, ...brought.map((asset) => asset.id)]);
  const others = recent.filter((asset) => !known.has(asset.id));
  const offered = [...(isOwnOffered ? [own] : []), ...brought, ...others];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a drop area everywhere
    <div
      role="group"
      aria-labelledby={id}
      className={classes(styles.choice, isOver && styles.over)}
      {...drop}
    >
      <div className={styles.choiceHead}>
        <span id={id} className={styles.label}>
          {label}
        </span>
        <Button icon={ImageUp} busy={isBusy} onClick={choose}>
          {t("from disk")}
        </Button>
        <span className={styles.hint}>{t("or drop")}</span>
      </div>
      {offered.length > 0 && (
        <div className={styles.offered}>
          {offered.map((asset) => (
            <button
              key={asset.id}
              type="button"
              aria-pressed={asset.id === value?.id}
              aria-label={asset.id === own.id ? t("this picture") : asset.prompt || fileName(asset)}
              title={asset.id === own.id ? t("this picture") : asset.prompt || fileName(asset)}
              onClick={() => onChange(asset)}
            >
              <img src={asset.thumbnail ?? asset.url} alt="" loading="lazy" />
            </button>
          ))}
        </div>
      )}
      <input {...input} aria-label={label} />
    </div>
  );
}
