import { CircleAlert, Info, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import type { Failure } from "@/api/client";
import { classes } from "./Button";
import styles from "./ui.module.css";

/** What there is while there is nothing: what this place is for, and the first step. */
export function Empty({
  icon: Icon,
  title,
  children,
}: {
  icon: LucideIcon;
  title: string;
  children?: ReactNode;
}) {
  return (
    <div className={styles.empty}>
      <Icon size={36} strokeWidth={1.4} aria-hidden />
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** A few words that stay on the page. */
export function Notice({
  kind = "info",
  children,
  actions,
}: {
  kind?: "info" | "bad";
  children: ReactNode;
  actions?: ReactNode;
}) {
  const Icon = kind === "bad" ? CircleAlert : Info;
  return (
    <div className={styles.notice} data-kind={kind} role={kind === "bad" ? "alert" : undefined}>
      <Icon size={18} aria-hidden />
      <div>{children}</div>
      {actions}
    </div>
  );
}

/** What went wrong, where, and how to mend it. */
export function Trouble({ failure, actions }: { failure: Failure; actions?: ReactNode }) {
  return (
    <Notice kind="bad" actions={actions}>
      <p>{failure.what}</p>
      {failure.where && <p className={styles.hint}>{failure.where}</p>}
      {failure.mend && <p className={styles.hint}>{failure.mend}</p>}
    </Notice>
  );
}

/** How far something is: `value` of 0 to 1. */
export function Progress({ value, label }: { value: number; label: string }) {
  return (
    <div
      className={styles.progress}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(value * 100)}
    >
      <span style={{ transform: `scaleX(${Math.min(1, Math.max(0, value))})` }} />
    </div>
  );
}

/** Something is on its way. */
export function Spinner({ label }: { label: string }) {
  return <span className={styles.spinner} role="status" aria-label={label} />;
}

/** A small label, such as a tag. */
export function Chip({ children, className }: { children: ReactNode; className?: string }) {
  return <span className={classes(styles.chip, className)}>{children}</span>;
}
