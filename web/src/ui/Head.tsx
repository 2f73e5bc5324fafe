import { ArrowLeft } from "lucide-react";
import type { ReactNode } from "react";
import { useTexts } from "@/texts/texts";
import { IconButton } from "./Button";
import styles from "./head.module.css";

/** The head of a page that lies over another one: the way back, a heading with a line below it, and buttons. */
export function Head({
  title,
  about,
  actions,
  onBack,
}: {
  title: string;
  about?: ReactNode;
  actions?: ReactNode;
  onBack: () => void;
}) {
  const t = useTexts("ui");
  return (
    <header className={styles.head}>
      <IconButton icon={ArrowLeft} label={t("back")} shortcut="Esc" onClick={onBack} />
      <div className={styles.title}>
        <h1>{title}</h1>
        {about && <p>{about}</p>}
      </div>
      {actions && <div className={styles.actions}>{actions}</div>}
    </header>
  );
}
