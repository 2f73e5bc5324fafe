import type { LucideIcon } from "lucide-react";
import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Tip } from "./Tip";
import styles from "./ui.module.css";

type Look = "plain" | "primary" | "quiet" | "danger";

interface Common extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "children"> {
  look?: Look;
  /** Shows that it is at work; it cannot be pressed meanwhile. */
  busy?: boolean;
  /** For a button that stays down. */
  pressed?: boolean;
}

export interface ButtonProps extends Common {
  icon?: LucideIcon;
  large?: boolean;
  children: ReactNode;
}

export function Button({
  look = "plain",
  busy,
  pressed,
  icon: Icon,
  large,
  children,
  className,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      aria-busy={busy || undefined}
      aria-pressed={pressed}
      {...rest}
      disabled={rest.disabled || busy}
      className={classes(
        styles.button,
        styles[look],
        large && styles.large,
        pressed && styles.pressed,
        className,
      )}
    >
      {busy ? <span className={styles.spinner} aria-hidden /> : Icon && <Icon size={16} aria-hidden />}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Common {
  icon: LucideIcon;
  /** What it does, in words: read aloud, and shown on hover. */
  label: string;
  shortcut?: string;
}

export function IconButton({
  look = "quiet",
  busy,
  pressed,
  icon: Icon,
  label,
  shortcut,
  className,
  ...rest
}: IconButtonProps) {
  return (
    <Tip text={shortcut ? `${label} (${shortcut})` : label}>
      <button
        type="button"
        aria-label={label}
        aria-busy={busy || undefined}
        aria-pressed={pressed}
        {...rest}
        disabled={rest.disabled || busy}
        className={classes(styles.button, styles.icon, styles[look], pressed && styles.pressed, className)}
      >
        {busy ? <span className={styles.spinner} aria-hidden /> : <Icon size={17} aria-hidden />}
      </button>
    </Tip>
  );
}

/** The look of a button, for links. */
export const buttonClass = classes(styles.button);

/** The look of a button that is a card, with a picture or some lines in it. */
export const cardClass = classes(styles.cardButton);

/** Class names, without those that are off. */
export function classes(...names: (string | false | undefined | null)[]): string {
  return names.filter(Boolean).join(" ");
}
