import { type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { useTexts } from "@/texts/texts";
import { inputClass } from "@/ui";
import styles from "./finder.module.css";

export interface Entry {
  readonly key: string;
  readonly title: string;
  /** Small words beside it. */
  readonly about?: string;
  readonly mark?: ReactNode;
  /** Shown above the first entry that has it. */
  readonly heading?: string;
}

const EDGE = 12; // pixels left to the window's edge
const WIDTH = 640;
const HEIGHT = 420;

/** A search over a list, at a place on the page; arrows move, Enter chooses, Escape closes. */
export function Finder<E extends Entry>({
  label,
  placeholder,
  at,
  find,
  aside,
  onChoose,
  onClose,
}: {
  label: string;
  placeholder: string;
  at: readonly [number, number];
  find: (text: string) => readonly E[];
  /** Beside the list: more about the entry one is at. */
  aside?: (entry: E) => ReactNode;
  onChoose: (entry: E) => void;
  onClose: () => void;
}) {
  const t = useTexts("canvas");
  const id = useId();
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const frame = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const back = useRef<Element | null>(null);
  const found = find(text);
  const chosen = found[Math.min(active, found.length - 1)];

  useLayoutEffect(() => {
    back.current = document.activeElement;
    frame.current?.querySelector("input")?.focus();
    return () => {
      const { current } = back;
      if (current instanceof HTMLElement && current.isConnected) current.focus();
    };
  }, []);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  });
  useEffect(() => {
    function outside(event: PointerEvent) {
      if (event.target instanceof Node && !frame.current?.contains(event.target)) onClose();
    }
    addEventListener("pointerdown", outside, true);
    return () => removeEventListener("pointerdown", outside, true);
  }, [onClose]);

  function onKeyDown(event: React.KeyboardEvent) {
    event.stopPropagation();
    if (event.nativeEvent.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step !== undefined) setActive((now) => Math.min(found.length - 1, Math.max(0, now + step)));
    else if (event.key === "Enter") {
      if (chosen) onChoose(chosen);
    } else if (event.key === "Escape") onClose();
    else return;
    event.preventDefault();
  }

  const left = Math.max(EDGE, Math.min(at[0], innerWidth - WIDTH - EDGE));
  const top = Math.max(EDGE, Math.min(at[1], innerHeight - HEIGHT - EDGE));
  return (
    <div ref={frame} className={styles.finder} role="dialog" aria-label={label} style={{ left, top }}>
      <input
        className={inputClass}
        role="combobox"
        aria-expanded
        aria-controls={id}
        aria-label={label}
        aria-activedescendant={chosen ? `${id}-${chosen.key}` : undefined}
        placeholder={placeholder}
        spellCheck={false}
        autoComplete="off"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div className={styles.columns}>
        <div ref={list} id={id} role="listbox" aria-label={label} tabIndex={-1} className={styles.list}>
          {found.map((entry, place) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the search field, which moves through the list
            // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the search field
            <div
              key={entry.key}
              id={`${id}-${entry.key}`}
              role="option"
              aria-selected={entry === chosen}
              className={styles.entry}
              data-heading={entry.heading !== found[place - 1]?.heading ? entry.heading : undefined}
              onClick={() => onChoose(entry)}
              onPointerMove={() => setActive(place)}
            >
              {entry.mark}
              <span className={styles.name}>{entry.title}</span>
              {entry.about && <span className={styles.about}>{entry.about}</span>}
            </div>
          ))}
          {found.length === 0 && <p className={styles.none}>{t("nothing found")}</p>}
        </div>
        {aside && <div className={styles.aside}>{chosen && aside(chosen)}</div>}
      </div>
    </div>
  );
}
