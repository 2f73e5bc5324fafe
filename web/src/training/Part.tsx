import type { ReactNode } from "react";
import styles from "./training.module.css";

/** A part of a page, with a heading. */
export function Part({ title, about, children }: { title: string; about?: string; children: ReactNode }) {
  return (
    <section className={styles.part} aria-label={title}>
      <h2>{title}</h2>
      {about && <p className={styles.quiet}>{about}</p>}
      {children}
    </section>
  );
}
