import { type ReactNode, useId, useRef, useState } from "react";
import { useLanguage, useTexts } from "@/texts/texts";
import { classes, useSize } from "@/ui";
import styles from "./plot.module.css";
import { logTicks, nearest, reach, ticksOf } from "./ticks";

export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Drawn with less weight, as something to compare with. */
  readonly isBeside?: boolean;
  /** Dots without a line between them. */
  readonly isDots?: boolean;
  /** A line without dots, however few its points are. */
  readonly isPlain?: boolean;
}

const [LEAST, HEIGHT] = [240, 280]; // pixels of the width, and of the height
const MANY = 60; // points of a line, from which on they are no longer marked
const EDGE = { left: 52, right: 22, top: 12, bottom: 40 };
export const COLOURS = 6;

/** Lines over labelled axes; what is pointed at is told in numbers, and all numbers stand in a table too. */
export function Plot({
  title,
  x,
  y,
  lines,
  at,
  onAt,
  xStart = 0,
  isLog = false,
  children,
}: {
  title: string;
  /** What the axes say. */
  x: string;
  y: string;
  lines: readonly Line[];
  /** Place on the x axis that is marked. */
  at?: number;
  onAt?: (x: number) => void;
  /** The least of the x axis. */
  xStart?: number;
  /** Whether the y axis is logarithmic, for numbers above 0. */
  isLog?: boolean;
  children?: ReactNode;
}) {
  const t = useTexts("tray");
  const { language } = useLanguage();
  const id = useId();
  const [pointed, setPointed] = useState<number | null>(null);
  const figure = useRef<HTMLElement>(null);
  const width = Math.max(LEAST, useSize(figure).width);
  const points = lines.flatMap((line) => line.points);
  const [low, high] = reach(points.map(([, value]) => value).filter((value) => !isLog || value > 0));
  const [, end] = reach(points.map(([value]) => value));
  const xTicks = ticksOf(xStart, end, width / 50, true);
  const yTicks = isLog ? logTicks(low, high) : ticksOf(low, high, 6);
  const [bottom, top] = [Math.min(low, yTicks[0] ?? low), Math.max(high, yTicks.at(-1) ?? high)];
  const across = (value: number) =>
    EDGE.left + ((value - xStart) / (end - xStart || 1)) * (width - EDGE.left - EDGE.right);
  const even = (value: number) => (isLog ? Math.log(Math.max(value, bottom)) : value);
  const down = (value: number) =>
    HEIGHT -
    EDGE.bottom -
    ((even(value) - even(bottom)) / (even(top) - even(bottom) || 1)) * (HEIGHT - EDGE.top - EDGE.bottom);
  const number = (value: number) =>
    value.toLocaleString(
      language,
      Math.abs(value) < 1000 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 }, // steps are exact
    );
  const where = pointed ?? at ?? null;
  const all = [...new Set(points.map(([value]) => value))].sort((one, other) => one - other);
  function pointAt(event: React.PointerEvent<SVGSVGElement>): number {
    const box = event.currentTarget.getBoundingClientRect();
    const place = ((event.clientX - box.left) / box.width) * width;
    const wished = xStart + ((place - EDGE.left) / (width - EDGE.left - EDGE.right)) * (end - xStart);
    return nearest(all, wished);
  }
  return (
    <figure ref={figure} className={styles.plot}>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="img"
        aria-labelledby={id}
        onPointerMove={(event) => {
          setPointed(pointAt(event));
          if (event.buttons === 1) onAt?.(pointAt(event));
        }}
        onPointerDown={(event) => onAt?.(pointAt(event))}
        onPointerLeave={() => setPointed(null)}
      >
        <title id={id}>{title}</title>
        {yTicks.map((tick) => (
          <g key={tick} className={styles.tick}>
            <line x1={EDGE.left} x2={width - EDGE.right} y1={down(tick)} y2={down(tick)} />
            <text x={EDGE.left - 6} y={down(tick)} dy="0.35em" textAnchor="end">
              {number(tick)}
            </text>
          </g>
        ))}
        {xTicks.map((tick) => (
          <text
            key={tick}
            className={styles.number}
            x={across(tick)}
            y={HEIGHT - EDGE.bottom + 16}
            textAnchor="middle"
          >
            {number(tick)}
          </text>
        ))}
        <text
          className={styles.axis}
          x={(EDGE.left + width - EDGE.right) / 2}
          y={HEIGHT - 6}
          textAnchor="middle"
        >
          {x}
        </text>
        <text
          className={styles.axis}
          transform={`translate(12 ${(EDGE.top + HEIGHT - EDGE.bottom) / 2}) rotate(-90)`}
          textAnchor="middle"
        >
          {y}
        </text>
        {where !== null && (
          <line
            className={styles.cursor}
            x1={across(where)}
            x2={across(where)}
            y1={EDGE.top}
            y2={HEIGHT - EDGE.bottom}
          />
        )}
        {lines.map((line, place) => (
          <g
            key={line.name}
            className={classes(styles.line, line.isBeside && styles.beside)}
            data-colour={place % COLOURS}
          >
            {!line.isDots && (
              <path
                d={line.points
                  .map(([px, py], nth) => `${nth ? "L" : "M"}${across(px).toFixed(1)} ${down(py).toFixed(1)}`)
                  .join("")}
              />
            )}
            {(line.isDots || line.points.length < MANY) &&
              !line.isBeside &&
              !line.isPlain &&
              line.points.map(([px, py], nth) => (
                <circle
                  key={nth}
                  cx={across(px)}
                  cy={down(py)}
                  r={line.isDots && line.points.length < MANY ? 4 : 2.2}
                />
              ))}
          </g>
        ))}
      </svg>
      <figcaption className={styles.legend}>
        <span className={styles.where}>{where === null ? x : `${x} ${number(where)}`}</span>
        {lines.map((line, place) => {
          const value = where === null ? undefined : valueAt(line, where);
          return (
            <span
              key={line.name}
              data-colour={place % COLOURS}
              className={classes(line.isBeside && styles.beside)}
            >
              <svg viewBox="0 0 24 8" aria-hidden>
                {line.isDots ? <circle cx="12" cy="4" r="3.5" /> : <path d="M0 4H24" />}
              </svg>
              {line.name}
              {value !== undefined && <b>{number(value)}</b>}
            </span>
          );
        })}
      </figcaption>
      {children}
      <details className={styles.table}>
        <summary>{t("as table")}</summary>
        <div className={styles.scroll}>
          <table>
            <caption className="sr-only">{title}</caption>
            <thead>
              <tr>
                <th scope="col">{x}</th>
                {lines.map(({ name }) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {all.map((value) => (
                <tr key={value}>
                  <th scope="row">{number(value)}</th>
                  {lines.map((line) => {
                    const told = valueAt(line, value);
                    return <td key={line.name}>{told === undefined ? "" : number(told)}</td>;
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

function valueAt({ points }: Line, x: number): number | undefined {
  return points.find(([at]) => at === x)?.[1];
}
