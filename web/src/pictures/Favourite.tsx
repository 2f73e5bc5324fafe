import { Heart } from "lucide-react";
import { useTexts } from "@/texts/texts";
import { classes, IconButton, type IconButtonProps } from "@/ui";
import styles from "./favourite.module.css";

/** Marks pictures as favourites, or no longer. */
export function FavouriteButton({
  isOn,
  of: name,
  onChange,
  ...rest
}: {
  isOn: boolean;
  /** What it is about, where that is not plain. */
  of?: string;
  onChange: (favourite: boolean) => void;
} & Pick<IconButtonProps, "look" | "shortcut" | "tabIndex">) {
  const t = useTexts("pictures");
  return (
    <IconButton
      {...rest}
      icon={Heart}
      label={name ? `${name}: ${t("favourite")}` : t("favourite")}
      pressed={isOn}
      className={classes(isOn && styles.on)}
      onClick={() => onChange(!isOn)}
    />
  );
}

/** The sign of a favourite in the corner of a small picture. */
export function FavouriteMark() {
  return (
    <span className={styles.mark} aria-hidden>
      <Heart size={12} fill="currentcolor" />
    </span>
  );
}
