import { type ReactNode, useEffect, useId, useRef } from "react";
import { classes } from "./Button";
import styles from "./ui.module.css";

/** Several panels in one place; arrows move between their names. */
export function Tabs<Name extends string>({
  label,
  tabs,
  value,
  onChange,
  children,
}: {
  label: string;
  tabs: readonly { value: Name; label: string }[];
  value: Name;
  onChange: (value: Name) => void;
  children: ReactNode;
}) {
  const id = useId();
  const row = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab is the one that is to be in sight
  useEffect(() => {
    const chosen = row.current?.querySelector('[aria-selected="true"]')?.getBoundingClientRect();
    const room = row.current?.getBoundingClientRect();
    if (!chosen || !room || !row.current) return;
    if (chosen.left < room.left || chosen.right > room.right)
      row.current.scrollLeft += chosen.left - room.left;
  }, [value]);
  function move(step: number) {
    const at = tabs.findIndex((tab) => tab.value === value);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (!next) return;
    onChange(next.value);
    row.current?.querySelector<HTMLElement>(`[data-tab="${next.value}"]`)?.focus();
  }
  return (
    <>
      <div
        ref={row}
        role="tablist"
        aria-label={label}
        className={styles.tabs}
        onKeyDown={(event) => {
          if (event.key === "ArrowRight") move(1);
          if (event.key === "ArrowLeft") move(-1);
        }}
      >
        {tabs.map((tab) => (
          <button
            key={tab.value}
            type="button"
            role="tab"
            data-tab={tab.value}
            id={`${id}-${tab.value}`}
            aria-selected={tab.value === value}
            aria-controls={`${id}-panel`}
            tabIndex={tab.value === value ? 0 : -1}
            className={classes(styles.tab)}
            onClick={() => onChange(tab.value)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${value}`}>
        {children}
      </div>
    </>
  );
}
