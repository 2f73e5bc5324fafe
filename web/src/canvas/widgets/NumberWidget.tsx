import { Dices } from "lucide-react";
import { type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import { drawnSeed } from "@/graph/seeds";
import type { InputSpec } from "@/graph/types";
import { type Figure, figureOf, stepOf, stepped, typed, written } from "@/graph/values";
import { useTexts } from "@/texts/texts";
import { sealed } from "../desk";
import type { WidgetProps } from "./types";
import styles from "./widgets.module.css";

const STARTS = 3; // pixels, from which on it is a drag
const PER_STEP = 6; // pixels for a step while dragging
const WHOLE_RANGE = 600; // pixels for the whole range of a number
const MIDDLING = 2000; // steps, beyond which the whole range is more than anybody wants

/** Up and down go from row to row, as in the rest of a node. */
const STEPS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1, PageUp: 10, PageDown: -10 };

/** A number: dragged, typed, or changed by the arrows to the left and right. */
export function NumberWidget({ port, value, label, tabIndex, wrong, onChange }: WidgetProps) {
  const t = useTexts("canvas");
  const spec = port.spec ?? { name: port.name, type: port.type };
  const [text, setText] = useState<string | null>(null);
  const drag = useRef<{ x: number; from: Figure; isMoved: boolean } | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const isBegun = useRef(false); // typing began with a first sign, which the next must not replace
  const figure = figureOf(value);
  const shown = written(figure, spec);
  const isLarge = typeof spec.maximum === "number" && spec.maximum > 2 ** 32;

  function take(next: string) {
    const number = typed(next, spec);
    if (number !== null) onChange(number);
    sealed();
    setText(null);
    box.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent) {
    const steps = STEPS[event.key];
    if (steps !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      event.stopPropagation();
      onChange(stepped(figure, event.shiftKey ? steps * 10 : steps, spec));
    } else if (event.key === "Enter" || /^[\d.-]$/.test(event.key)) {
      event.preventDefault();
      event.stopPropagation();
      isBegun.current = event.key !== "Enter";
      setText(isBegun.current ? event.key : shown);
    }
  }

  function onPointerMove(event: PointerEvent) {
    const start = drag.current;
    if (!start || isLarge) return;
    const moved = event.clientX - start.x;
    if (!start.isMoved && Math.abs(moved) < STARTS) return;
    start.isMoved = true;
    onChange(stepped(start.from, Math.round(moved / PER_STEP) * stepsAtOnce(spec), spec));
  }

  if (text !== null) {
    return (
      <div className={styles.widget}>
        <span className={styles.widgetName}>{label}</span>
        <input
          className={`${styles.edited} nodrag`}
          aria-label={label}
          inputMode="decimal"
          value={text}
          // biome-ignore lint/a11y/noAutofocus: the person has just begun to type
          autoFocus
          onFocus={(event) => !isBegun.current && event.target.select()}
          onChange={(event) => setText(event.target.value)}
          onBlur={(event) => {
            const number = typed(event.target.value, spec);
            if (number !== null && event.target.value !== shown) onChange(number);
            setText(null);
          }}
          onKeyDown={(event) => {
            event.stopPropagation();
            if (event.key === "Enter") take(text);
            if (event.key === "Escape") take(shown);
          }}
        />
      </div>
    );
  }
  return (
    <div className={styles.widget}>
      <div
        ref={box}
        className={`${styles.number} nodrag`}
        role="spinbutton"
        aria-label={label}
        aria-valuenow={Number(figure)}
        aria-valuetext={shown}
        aria-valuemin={spec.minimum ?? undefined}
        aria-valuemax={spec.maximum ?? undefined}
        aria-invalid={wrong ? true : undefined}
        data-row
        tabIndex={tabIndex}
        onKeyDown={onKeyDown}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.current = { x: event.clientX, from: figure, isMoved: false };
        }}
        onPointerMove={onPointerMove}
        onPointerUp={() => {
          if (drag.current && !drag.current.isMoved) {
            isBegun.current = false;
            setText(shown);
          } else sealed();
          drag.current = null;
        }}
      >
        <span className={styles.widgetName}>{label}</span>
        <span className={styles.widgetValue}>{shown}</span>
      </div>
      {port.hasControl && isLarge && (
        <button
          type="button"
          className={`${styles.small} nodrag`}
          tabIndex={tabIndex}
          aria-label={t("new seed")}
          title={t("new seed")}
          onClick={() => onChange(drawnSeed(spec))}
        >
          <Dices size={14} aria-hidden />
        </button>
      )}
    </div>
  );
}

/** Steps for each notch of a drag: a short range is gone through slowly, a middling one in the length of a node. */
function stepsAtOnce(spec: InputSpec): number {
  if (typeof spec.minimum !== "number" || typeof spec.maximum !== "number") return 1;
  const steps = (spec.maximum - spec.minimum) / stepOf(spec);
  return steps > MIDDLING ? 1 : Math.max(1, Math.round((steps * PER_STEP) / WHOLE_RANGE));
}
