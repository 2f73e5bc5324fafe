import { type KeyboardEvent, type Ref, useCallback, useId, useLayoutEffect, useRef, useState } from "react";
import { useTexts } from "@/texts/texts";
import { classes, inputClass } from "@/ui";
import { letterAt, typeInto } from "./caret";
import { type Offer, type Typing, typingAt } from "./completing";
import { type Syntax, useCount } from "./counting";
import { weigh } from "./emphasis";
import { Offers } from "./Offers";
import { useOffers } from "./offers";
import styles from "./prompt.module.css";
import { TokenCount } from "./TokenCount";

export interface PromptFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** What tokens are counted for; null where it is not known. */
  checkpoint?: string | null;
  /** How brackets are read. */
  syntax?: Syntax;
  placeholder?: string;
  /** Lines shown while it is empty; it grows with the text. */
  minRows?: number;
  /** For nodes of the graph: smaller, fills its frame and does not grow, and counts only while it has the focus. */
  compact?: boolean;
  /** Whether embeddings, LoRAs and earlier words are offered while typing. */
  mentions?: boolean;
  /** Given a LoRA that was chosen among the offers; without it none are offered. */
  onLora?: (name: string) => void;
  /** Whether `__name__` stands for a line of a file here, so that such names are offered. */
  wildcards?: boolean;
  /** Keeps the label for screen readers only. */
  bare?: boolean;
  disabled?: boolean;
  hint?: string;
  wrong?: string;
  /** Of the textarea, so that a caller can give it the focus. */
  ref?: Ref<HTMLTextAreaElement>;
}

interface Offering {
  typing: Typing;
  /** -1 until one is chosen by the arrows, so that Enter stays a new line. */
  active: number;
  place: { left: number; top: number; bottom: number };
}

/** Where a prompt is written: it counts tokens, weighs words by Ctrl+Up and Ctrl+Down, and offers what may follow. */
export function PromptField({
  label,
  value,
  onChange,
  checkpoint = null,
  syntax = "comfyui",
  placeholder,
  minRows = 2,
  compact = false,
  mentions = true,
  onLora,
  wildcards = false,
  bare,
  disabled,
  hint,
  wrong,
  ref,
}: PromptFieldProps) {
  const t = useTexts("prompt");
  const id = useId();
  const area = useRef<HTMLTextAreaElement | null>(null);
  const [hasFocus, setFocus] = useState(false);
  const [offering, setOffering] = useState<Offering | null>(null);
  const offers = useOffers(offering?.typing ?? null, onLora !== undefined, wildcards);
  const count = useCount(value, checkpoint, syntax, hasFocus || !compact);
  const isOpen = offering !== null && offers.length > 0;
  const active = offering && isOpen ? Math.min(offering.active, offers.length - 1) : -1;
  const note = hint || wrong ? `${id}-note` : undefined;

  useLayoutEffect(() => {
    const box = area.current;
    if (!box || compact || value === undefined) return;
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`;
  }, [value, compact]);

  const join = useCallback(
    (element: HTMLTextAreaElement | null) => {
      area.current = element;
      if (typeof ref === "function") return ref(element);
      if (ref) ref.current = element;
      return undefined;
    },
    [ref],
  );

  function look(box: HTMLTextAreaElement) {
    const typing =
      mentions && box.selectionStart === box.selectionEnd ? typingAt(box.value, box.selectionStart) : null;
    if (!typing) return setOffering(null);
    const first = typing.kind === "words" ? -1 : 0;
    setOffering({ typing, active: first, place: letterAt(box, typing.from) });
  }

  function take(offer: Offer) {
    const box = area.current;
    if (!box || !offering) return;
    const caret = offer.from + offer.text.length;
    typeInto(
      box,
      { from: offer.from, to: offering.typing.to, text: offer.text, start: caret, end: caret },
      onChange,
    );
    setOffering(null);
    if (offer.file) onLora?.(offer.file);
  }

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>) {
    const box = event.currentTarget;
    const { key } = event;
    const isArrow = key === "ArrowUp" || key === "ArrowDown";
    if (event.nativeEvent.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && isArrow && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      event.stopPropagation();
      const direction = key === "ArrowUp" ? 1 : -1;
      const edit = weigh(box.value, box.selectionStart, box.selectionEnd, direction, syntax);
      if (edit) typeInto(box, edit, onChange);
      setOffering(null);
      return;
    }
    if (!isOpen || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const offer = offers[Math.max(0, active)];
    if (isArrow) {
      const next = active + (key === "ArrowDown" ? 1 : -1);
      setOffering({ ...offering, active: next < -1 ? offers.length - 1 : next >= offers.length ? 0 : next });
    } else if (key === "Escape") setOffering(null);
    else if (offer && (key === "Tab" || (key === "Enter" && active >= 0))) take(offer);
    else {
      if (key === "Home" || key === "End" || key === "ArrowLeft" || key === "ArrowRight") setOffering(null);
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div className={classes(styles.field, compact && styles.compact)}>
      <div className={bare || compact ? styles.corner : styles.label}>
        <label htmlFor={id} className={bare || compact ? "sr-only" : undefined}>
          {label}
        </label>
        <TokenCount count={count} />
      </div>
      <textarea
        ref={join}
        id={id}
        className={classes(inputClass, styles.text)}
        aria-autocomplete="list"
        aria-haspopup="listbox"
        aria-controls={isOpen ? `${id}-offers` : undefined}
        aria-activedescendant={active >= 0 ? `${id}-offers-${active}` : undefined}
        aria-describedby={note}
        aria-invalid={wrong ? true : undefined}
        aria-keyshortcuts="Control+ArrowUp Control+ArrowDown"
        rows={minRows}
        disabled={disabled}
        placeholder={placeholder}
        spellCheck={false}
        value={value}
        onChange={(event) => {
          onChange(event.target.value);
          look(event.target);
        }}
        onKeyDown={onKeyDown}
        onPointerDown={() => setOffering(null)}
        onScroll={() => setOffering(null)}
        onFocus={() => setFocus(true)}
        onBlur={() => {
          setFocus(false);
          setOffering(null);
        }}
      />
      {isOpen && (
        <Offers id={`${id}-offers`} offers={offers} active={active} place={offering.place} onTake={take} />
      )}
      <span role="status" className="sr-only">
        {isOpen ? t("offered", { n: offers.length }) : ""}
      </span>
      {note && (
        <p id={note} className={wrong ? styles.wrong : styles.hint} role={wrong ? "alert" : undefined}>
          {wrong ?? hint}
        </p>
      )}
    </div>
  );
}
