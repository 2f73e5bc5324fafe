import { type ReactNode, useEffect, useRef } from "react";
import big from "@/pictures/big.module.css";
import { Head, isTyping } from "@/ui";
import styles from "./layer.module.css";

/** A page over the grid, which stays as it was below. Escape goes back. */
export function Layer({
  title,
  about,
  actions,
  onClose,
  onKey,
  children,
}: {
  title: string;
  about?: ReactNode;
  actions: ReactNode;
  onClose: () => void;
  onKey: (event: React.KeyboardEvent) => void;
  children: ReactNode;
}) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => ref.current?.focus({ preventScroll: true }), []);
  return (
    <div
      ref={ref}
      role="dialog"
      aria-label={title}
      tabIndex={-1}
      className={styles.layer}
      onKeyDown={(event) => {
        if (event.key === "Escape" && !event.defaultPrevented) onClose();
        else if (!isTyping(event.target)) onKey(event);
      }}
    >
      <Head title={title} about={about} actions={actions} onBack={onClose} />
      <div className={big.body}>{children}</div>
    </div>
  );
}
