import styles from "./bars.module.css";
import type { Bar } from "./blocks";

/** Blocks as bars; each opens to its layers. */
export function Bars({
  bars,
  most,
  textOf,
  label,
}: {
  bars: readonly Bar[];
  /** What the longest bar stands for. */
  most: number;
  textOf: (value: number) => string;
  label: string;
}) {
  return (
    <ul className={styles.bars} aria-label={label}>
      {bars.map((bar) => (
        <li key={bar.name}>
          {bar.layers.length > 0 ? (
            <details>
              <summary>
                <Line bar={bar} most={most} textOf={textOf} />
              </summary>
              <Bars bars={bar.layers} most={most} textOf={textOf} label={bar.name} />
            </details>
          ) : (
            <Line bar={bar} most={most} textOf={textOf} />
          )}
        </li>
      ))}
    </ul>
  );
}

function Line({ bar, most, textOf }: { bar: Bar; most: number; textOf: (value: number) => string }) {
  const share = most > 0 ? Math.min(1, bar.value / most) : 0;
  return (
    <span className={styles.line}>
      <span className={styles.name}>{bar.name}</span>
      <span className={styles.track} aria-hidden>
        <span style={{ width: `${share * 100}%` }} />
      </span>
      <span className={styles.value}>{textOf(bar.value)}</span>
    </span>
  );
}

/** The greatest of the values that can be drawn. */
export function mostOf(bars: readonly Bar[]): number {
  return Math.max(
    0,
    ...bars
      .flatMap((bar) => [bar.value, ...bar.layers.map(({ value }) => value)])
      .filter((value) => Number.isFinite(value)),
  );
}
