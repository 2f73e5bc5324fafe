import { ImageUp, X } from "lucide-react";
import { useId } from "react";
import { type Picture, pictureOf } from "@/pictures/picture";
import { useBringing } from "@/pictures/useBringing";
import { useTexts } from "@/texts/texts";
import { Button, classes, IconButton } from "@/ui";
import styles from "./settings.module.css";

/** A picture, brought by choosing a file, by dropping one, or from the results. */
export function PictureField({
  label,
  hint,
  picture,
  onChange,
}: {
  label: string;
  hint?: string;
  picture: Picture | null;
  onChange: (picture: Picture | null) => void;
}) {
  const t = useTexts("create");
  const id = useId();
  const { isOver, isBusy, drop, choose, input } = useBringing((brought) => onChange(pictureOf(brought)));
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a drop area everywhere
    <div
      role="group"
      aria-labelledby={id}
      className={classes(styles.pictureField, isOver && styles.over)}
      {...drop}
    >
      <span className={styles.pictureThumb}>
        {picture ? (
          <img src={picture.thumbnail ?? picture.url} alt={picture.name || label} />
        ) : (
          <ImageUp size={20} aria-hidden />
        )}
      </span>
      <div className={styles.pictureWords}>
        <span id={id} className={styles.pictureLabel}>
          {label}
        </span>
        {picture ? (
          <span className={styles.hint}>
            {picture.width && picture.height ? `${picture.width} × ${picture.height}` : picture.name}
          </span>
        ) : (
          hint && <span className={styles.hint}>{hint}</span>
        )}
        <div className={styles.row}>
          <Button busy={isBusy} onClick={choose}>
            {picture ? t("other picture") : t("choose picture")}
          </Button>
          {picture && (
            <IconButton icon={X} label={t("take away", { label })} onClick={() => onChange(null)} />
          )}
        </div>
      </div>
      <input {...input} aria-label={label} />
    </div>
  );
}
