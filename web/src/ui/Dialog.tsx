import { X } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useId, useLayoutEffect, useRef, useState } from "react";
import { useTexts } from "@/texts/texts";
import { classes, IconButton } from "./Button";
import { inFront, Place } from "./place";
import styles from "./ui.module.css";

export interface DialogProps {
  title: string;
  onClose: () => void;
  size?: "normal" | "wide" | "full";
  children: ReactNode;
  /** Buttons beside its title. */
  tools?: ReactNode;
  /** Told of keys that nothing inside has taken for itself, such as a field. */
  onKey?: (event: KeyboardEvent<HTMLElement>) => void;
  /** Buttons at its lower edge. */
  actions?: ReactNode;
}

/** A question or a task in front of everything else. Mount it to open it; Escape closes it. */
export function Dialog({ title, onClose, size = "normal", children, tools, onKey, actions }: DialogProps) {
  const t = useTexts("ui");
  const ref = useRef<HTMLDialogElement>(null);
  const [place, setPlace] = useState<HTMLElement | null>(null);
  const heading = useId();
  const head = useRef<HTMLHeadingElement>(null);
  // before it leaves the page: closing gives the focus back to where it came from
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    if (
      dialog?.contains(document.activeElement) &&
      head.current?.nextElementSibling?.contains(document.activeElement)
    )
      head.current.focus(); // not the first of its tools, which would show its tip
    setPlace(dialog);
    return () => dialog?.close();
  }, []);
  useLayoutEffect(() => (place ? inFront(place) : undefined), [place]);
  return (
    <dialog
      ref={ref}
      className={classes(styles.dialog, size === "wide" && styles.wide, size === "full" && styles.full)}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === ref.current && onClose()}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (isFloating(event.target)) return;
        if (event.key !== "Escape") {
          if (!isTyping(event.target) && !event.ctrlKey && !event.metaKey && !event.altKey) onKey?.(event);
          return;
        }
        event.preventDefault(); // a tip that closes by the same key would keep the dialog open
        onClose();
      }}
    >
      <Place value={place}>
        <div className={styles.dialogHead}>
          <h2 ref={head} id={heading} tabIndex={-1}>
            {title}
          </h2>
          {tools && <div className={styles.dialogTools}>{tools}</div>}
          <IconButton icon={X} label={t("close")} onClick={onClose} />
        </div>
        <div className={styles.dialogBody}>{children}</div>
        {actions && <div className={styles.dialogFoot}>{actions}</div>}
      </Place>
    </dialog>
  );
}

/** Whether something is in a menu or a small panel over the dialog, which closes first. */
function isFloating(target: EventTarget): boolean {
  return target instanceof Element && target.closest("[data-radix-popper-content-wrapper]") !== null;
}

/** Whether a key that is pressed there is typed into something. */
export function isTyping(target: EventTarget): boolean {
  return (
    target instanceof HTMLElement &&
    (target.matches("input:not([type=checkbox], [type=range]), textarea, select") || target.isContentEditable)
  );
}
