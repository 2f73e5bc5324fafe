import { ChevronsUpDown, ImageOff } from "lucide-react";
import { type ReactNode, useEffect, useId, useMemo, useRef, useState } from "react";
import { useTexts } from "@/texts/texts";
import { classes } from "./Button";
import { FieldNote } from "./Field";
import { Popover } from "./Popover";
import styles from "./ui.module.css";

export interface Option {
  value: string;
  label?: string;
  /** Small words beside it. */
  about?: string;
  /** URL of a picture; where any option has one, all are shown as cards. */
  picture?: string | null;
}

export interface ChoiceProps {
  label: string;
  value: string;
  options: readonly (string | Option)[];
  onChange: (value: string) => void;
  /** Keeps the label for screen readers only. */
  bare?: boolean;
  disabled?: boolean;
  /** Shown where nothing is chosen. */
  placeholder?: string;
  hint?: string;
  wrong?: string;
  aside?: ReactNode;
}

const MANY = 8; // options, from which on there is a search field
const MOST_SHOWN = 300;

/** One of many: searched by typing, moved through by arrows, with pictures where there are some. */
export function Choice({
  label,
  value,
  options,
  onChange,
  bare,
  disabled,
  placeholder,
  hint,
  wrong,
  aside,
}: ChoiceProps) {
  const t = useTexts("ui");
  const id = useId();
  const [open, setOpen] = useState(false);
  const all = useMemo(
    () => options.map((option) => (typeof option === "string" ? { value: option } : option)),
    [options],
  );
  const chosen = all.find((option) => option.value === value);
  return (
    <div className={styles.field}>
      <div className={bare ? "sr-only" : styles.label}>
        <span id={id}>{label}</span>
        {aside}
      </div>
      <Popover
        open={open}
        onOpenChange={setOpen}
        label={label}
        trigger={
          <button
            type="button"
            disabled={disabled}
            className={classes(styles.input, styles.combo)}
            aria-labelledby={`${id} ${id}-value`}
            aria-invalid={wrong ? true : undefined}
          >
            <span id={`${id}-value`}>{chosen ? named(chosen) : value || (placeholder ?? t("choose"))}</span>
            <ChevronsUpDown size={14} aria-hidden />
          </button>
        }
      >
        <Options
          label={label}
          all={all}
          value={value}
          onChange={(next) => {
            setOpen(false);
            onChange(next);
          }}
        />
      </Popover>
      <FieldNote hint={hint} wrong={wrong} />
    </div>
  );
}

/** The list of a choice, with its search field; what opens it is the caller's. */
export function Options({
  label,
  all,
  value,
  onChange,
}: {
  label: string;
  all: readonly Option[];
  value: string;
  onChange: (value: string) => void;
}) {
  const t = useTexts("ui");
  const id = useId();
  const [search, setSearch] = useState("");
  const [active, setActive] = useState(() =>
    Math.max(
      0,
      all.findIndex((option) => option.value === value),
    ),
  );
  const list = useRef<HTMLDivElement>(null);
  const hasPictures = all.some((option) => option.picture);
  const found = useMemo(() => {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    return all.filter((option) =>
      words.every((word) => `${named(option)} ${option.value}`.toLowerCase().includes(word)),
    );
  }, [all, search]);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  });
  function onKeyDown(event: React.KeyboardEvent) {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setActive((at) => Math.min(found.length - 1, Math.max(0, at + step)));
    } else if (event.key === "Enter") {
      event.preventDefault();
      const option = found[active];
      if (option) onChange(option.value);
    }
  }
  return (
    <div className={styles.options}>
      <input
        className={styles.input}
        role="combobox"
        aria-expanded
        aria-controls={id}
        aria-label={label}
        aria-activedescendant={found[active] ? `${id}-${active}` : undefined}
        placeholder={all.length >= MANY ? t("search") : label}
        value={search}
        // biome-ignore lint/a11y/noAutofocus: the person has just opened this list
        autoFocus
        onChange={(event) => {
          setSearch(event.target.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div
        ref={list}
        id={id}
        role="listbox"
        aria-label={label}
        tabIndex={-1}
        className={classes(styles.list, hasPictures && styles.grid)}
      >
        {found.slice(0, MOST_SHOWN).map((option, place) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the search field, which moves through the list
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the search field
          <div
            key={option.value}
            id={`${id}-${place}`}
            role="option"
            aria-selected={place === active}
            className={classes(styles.item, hasPictures && styles.card)}
            onClick={() => onChange(option.value)}
            onPointerMove={() => setActive(place)}
          >
            {hasPictures &&
              (option.picture ? (
                <img className={styles.thumb} src={option.picture} alt="" loading="lazy" />
              ) : (
                <span className={styles.thumb}>
                  <ImageOff size={18} aria-hidden />
                </span>
              ))}
            <span>{named(option)}</span>
            {option.about && <span className={styles.hint}>{option.about}</span>}
          </div>
        ))}
        {found.length === 0 && <p className={styles.hint}>{t("nothing found")}</p>}
      </div>
    </div>
  );
}

function named(option: Option): string {
  return option.label ?? option.value;
}
