import { X } from "lucide-react";
import type { ReactNode } from "react";
import { useTexts } from "@/texts/texts";
import { IconButton } from "@/ui";
import styles from "./panels.module.css";
import { closePanel } from "./shown";

/** What every panel beside the canvas has around it. */
export function PanelFrame({ title, children }: { title: string; children: ReactNode }) {
  const t = useTexts("canvas");
  return (
    <section
      className={styles.panel}
      aria-label={title}
      onKeyDown={(event) => {
        if (event.key === "Escape" && !event.defaultPrevented) closePanel();
      }}
    >
      <header className={styles.head}>
        <h2>{title}</h2>
        <IconButton icon={X} label={t("panel close")} onClick={closePanel} />
      </header>
      <div className={styles.inside}>{children}</div>
    </section>
  );
}
