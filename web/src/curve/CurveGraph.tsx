import { type KeyboardEvent, type MouseEvent, type PointerEvent, useEffect, useId, useRef } from "react";
import type { Point } from "@/graph/types";
import { useTexts } from "@/texts/texts";
import { added, type Curve, divided, heightsOf, moved, removed } from "./curve";
import styles from "./curve.module.css";

const REACH = { mouse: 10, touch: 22 }; // pixels about a point that are still the point
const TAP = 8; // pixels that a finger may slip while it taps
const DOUBLE = 600; // milliseconds: the second click of a pair does not undo what the first did
const DRAWN = 96; // places at which the curve is worked out
const STEP = 0.01;
const LARGE_STEP = 0.1;
const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};
const INKS: ReadonlySet<string | undefined> = new Set(["red", "green", "blue"]);

interface Drag {
  readonly place: number;
  curve: Curve;
  /** From where the pointer is to the point. */
  readonly offset: Point;
}

/** Points that are put on a grid and moved, by pointer or keyboard. */
export function CurveGraph({
  label,
  value,
  usual,
  draft,
  chosen,
  ink,
  wrong,
  tabIndex,
  onDraft,
  onChoose,
  onChange,
}: {
  label: string;
  value: Curve;
  /** Drawn faintly, to compare with. */
  usual: Curve;
  /** While a point is being dragged: what it will be. */
  draft: Curve | null;
  /** The place of the point that is worked on. */
  chosen: number | null;
  ink: string | undefined;
  wrong: boolean | undefined;
  tabIndex: number;
  onDraft: (curve: Curve | null) => void;
  onChoose: (place: number | null) => void;
  onChange: (curve: Curve, isWhole: boolean) => void;
}) {
  const t = useTexts("canvas");
  const help = useId();
  const plot = useRef<HTMLDivElement>(null);
  const drag = useRef<Drag | null>(null);
  const tap = useRef<Point | null>(null);
  const lastAdded = useRef(0);
  const wanted = useRef<number | null>(null); // the point that the keyboard goes to next
  const curve = draft ?? value;

  useEffect(() => {
    const place = wanted.current;
    wanted.current = null;
    if (place !== null && curve[place]) focus(place);
  });

  function focus(place: number) {
    const points = plot.current?.querySelectorAll<HTMLElement>("[data-point]") ?? [];
    points[place]?.focus({ preventScroll: true });
  }

  /** Where on the grid something on the screen is. */
  function placeAt({ clientX, clientY }: MouseEvent): Point {
    const box = plot.current?.getBoundingClientRect();
    if (!box) return [0, 0];
    return [(clientX - box.left) / box.width, (box.bottom - clientY) / box.height];
  }

  /** The point that is meant; null for none. */
  function hit(event: MouseEvent, reach: number): number | null {
    const box = plot.current?.getBoundingClientRect();
    if (!box) return null;
    const [x, y] = placeAt(event);
    const away = curve.map((point) => Math.hypot((point[0] - x) * box.width, (point[1] - y) * box.height));
    const nearest = Math.min(...away);
    return nearest <= reach ? away.indexOf(nearest) : null;
  }

  function begin(place: number, from: Curve, event: PointerEvent<HTMLElement>, offset: Point) {
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { place, curve: from, offset };
    onDraft(from);
    onChoose(place);
    wanted.current = place;
  }

  function onPointerDown(event: PointerEvent<HTMLElement>) {
    if (event.button !== 0 || drag.current) return;
    const isTouch = event.pointerType === "touch";
    const place = hit(event, isTouch ? REACH.touch : REACH.mouse);
    const at = placeAt(event);
    const point = place === null ? undefined : curve[place];
    if (place !== null && point) begin(place, curve, event, [point[0] - at[0], point[1] - at[1]]);
    else if (isTouch) tap.current = [event.clientX, event.clientY];
    else {
      const more = added(curve, at);
      if (!more) return;
      lastAdded.current = event.timeStamp;
      begin(more.place, more.curve, event, [0, 0]);
    }
  }

  function onPointerMove(event: PointerEvent) {
    if (!drag.current) return;
    const { place, offset } = drag.current;
    const [x, y] = placeAt(event);
    drag.current.curve = moved(drag.current.curve, place, [x + offset[0], y + offset[1]]);
    onDraft(drag.current.curve);
  }

  function onPointerUp(event: PointerEvent) {
    if (drag.current) {
      if (drag.current.curve !== value) onChange(drag.current.curve, true);
      drag.current = null;
      onDraft(null);
    } else if (tap.current) {
      const [x, y] = tap.current;
      tap.current = null;
      if (Math.hypot(event.clientX - x, event.clientY - y) > TAP) return;
      const more = added(curve, placeAt(event));
      if (!more) return;
      lastAdded.current = event.timeStamp;
      onChoose(more.place);
      onChange(more.curve, true);
    }
  }

  function onPointerCancel() {
    drag.current = null;
    tap.current = null;
    onDraft(null);
  }

  function takeOut(place: number) {
    const less = removed(value, place);
    if (less === value) return;
    wanted.current = Math.min(place, less.length - 1);
    onChoose(wanted.current);
    onChange(less, true);
  }

  function onKeyDown(event: KeyboardEvent, place: number) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    const point = value[place];
    const isDelete = event.key === "Delete" || event.key === "Backspace";
    if (!point || !(arrow || isDelete || event.key === "Enter")) return;
    event.preventDefault();
    event.stopPropagation();
    if (arrow) {
      const step = event.shiftKey ? LARGE_STEP : STEP;
      onChange(moved(value, place, [point[0] + arrow[0] * step, point[1] + arrow[1] * step]), false);
    } else if (isDelete) takeOut(place);
    else {
      const more = divided(value, place);
      if (!more) return;
      wanted.current = more.place;
      onChange(more.curve, true);
    }
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms, and cannot be laid out like this
    <div
      role="group"
      aria-label={label}
      aria-describedby={help}
      aria-invalid={wrong || undefined}
      className={`${styles.frame} nodrag nopan`}
      data-ink={INKS.has(ink) ? ink : undefined}
      title={t("curve help")}
      onMouseDown={(event) => event.preventDefault()} // which would give the keyboard to what is around
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerCancel={onPointerCancel}
      onDoubleClick={(event) => {
        event.stopPropagation();
        const place = hit(event, REACH.mouse);
        if (place !== null && event.timeStamp - lastAdded.current > DOUBLE) takeOut(place);
      }}
    >
      <div className={styles.plot} ref={plot}>
        <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden>
          <path className={styles.grid} d="M.25 0V1M.5 0V1M.75 0V1M0 .25H1M0 .5H1M0 .75H1" />
          <path className={styles.usual} d={pathOf(usual)} />
          <path className={styles.line} d={pathOf(curve)} />
        </svg>
        {curve.map(([x, y], place) => (
          <div
            key={place}
            data-point
            className={styles.point}
            data-chosen={place === chosen || undefined}
            style={{ left: `${x * 100}%`, top: `${(1 - y) * 100}%` }}
            role="slider"
            tabIndex={tabIndex}
            aria-label={t("curve point", { name: label, n: place + 1, of: curve.length })}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={Math.round(y * 100)}
            aria-valuetext={t("curve place", { x: Math.round(x * 100), y: Math.round(y * 100) })}
            onFocus={() => onChoose(place)}
            onKeyDown={(event) => onKeyDown(event, place)}
          />
        ))}
      </div>
      <p id={help} className="sr-only">
        {t("curve help")}
      </p>
    </div>
  );
}

/** As a line on a square of 1 by 1, whose top is 0. */
function pathOf(curve: Curve): string {
  const height = heightsOf(curve);
  const even = Array.from({ length: DRAWN + 1 }, (_, place) => place / DRAWN);
  const places = [...even, ...curve.map(([x]) => x)].sort((one, other) => one - other);
  return `M${places.map((x) => `${x.toFixed(4)} ${(1 - height(x)).toFixed(4)}`).join("L")}`;
}
