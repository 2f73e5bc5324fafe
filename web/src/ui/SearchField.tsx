import { Search } from "lucide-react";
import type { InputHTMLAttributes, Ref } from "react";
import { classes } from "./Button";
import styles from "./ui.module.css";

/** Where one types what is sought; its label stands in it while it is empty. */
export function SearchField({
  label,
  className,
  ...rest
}: InputHTMLAttributes<HTMLInputElement> & { label: string; ref?: Ref<HTMLInputElement> }) {
  return (
    <search className={classes(styles.search, className)}>
      <Search size={16} aria-hidden />
      <input type="search" className={styles.input} aria-label={label} placeholder={label} {...rest} />
    </search>
  );
}
