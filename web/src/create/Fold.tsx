import { ChevronRight } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import styles from "./settings.module.css";

const KEPT = "safelight.create.fold.";

/** A group of settings under a plain name. Folded, it says what is set in it. */
export function Fold({
  name,
  title,
  summary,
  open: usual = false,
  news,
  children,
}: {
  /** For remembering whether it is open. */
  name: string;
  title: string;
  summary?: string;
  open?: boolean;
  /** What it opens for when it comes in from elsewhere, such as a dropped picture. */
  news?: string;
  children: ReactNode;
}) {
  const [open, setOpen] = useState(() => {
    const kept = localStorage.getItem(KEPT + name);
    return kept === null ? usual : kept === "open";
  });
  const known = useRef(news);
  useEffect(() => {
    if (news && news !== known.current) setOpen(true);
    known.current = news;
  }, [news]);
  return (
    <details
      className={styles.fold}
      open={open}
      onToggle={(event) => {
        const isOpen = event.currentTarget.open;
        if (isOpen === open) return;
        setOpen(isOpen);
        localStorage.setItem(KEPT + name, isOpen ? "open" : "folded");
      }}
    >
      <summary>
        <ChevronRight size={16} aria-hidden />
        <h2>{title}</h2>
        <span className={styles.summary}>{!open && summary}</span>
      </summary>
      {open && <div className={styles.group}>{children}</div>}
    </details>
  );
}
