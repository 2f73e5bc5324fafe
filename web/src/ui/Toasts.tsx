import { X } from "lucide-react";
import { useLayoutEffect, useRef } from "react";
import { createPortal } from "react-dom";
import { useTexts } from "@/texts/texts";
import { Button, IconButton } from "./Button";
import { clearSpot } from "./clear";
import { useFront } from "./place";
import { dismiss, useToasts } from "./toasts";
import styles from "./ui.module.css";

/** Where what was said stands: in an open dialog, which makes all else unreachable. */
export function Toasts() {
  const t = useTexts("ui");
  const toasts = useToasts((state) => state.toasts);
  const front = useFront();
  const box = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    function place() {
      if (!box.current || toasts.length === 0) return;
      const { left, top } = clearSpot(box.current);
      Object.assign(box.current.style, { left: `${left}px`, top: `${top}px` });
    }
    place();
    addEventListener("resize", place);
    return () => removeEventListener("resize", place);
  }); // whenever something is said, or said elsewhere
  const shown = (
    <section ref={box} className={styles.toasts} aria-label={t("messages")} aria-live="polite">
      {toasts.map((toast) => (
        <div
          key={toast.id}
          className={styles.toast}
          data-kind={toast.kind}
          role={toast.kind === "bad" ? "alert" : undefined}
        >
          <div>
            <p>{toast.text}</p>
            {toast.detail && <p className={styles.hint}>{toast.detail}</p>}
          </div>
          {toast.action && (
            <Button
              onClick={() => {
                toast.action?.act();
                dismiss(toast.id);
              }}
            >
              {toast.action.label}
            </Button>
          )}
          <IconButton icon={X} label={t("close")} onClick={() => dismiss(toast.id)} />
        </div>
      ))}
    </section>
  );
  return front ? createPortal(shown, front) : shown;
}
