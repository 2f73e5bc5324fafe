import styles from "./experiments.module.css";

/** Rows of small pictures, one under the other; pressing and dragging goes to a column. A slider does the same. */
export function Scrubber({
  rows,
  shape,
  at,
  onAt,
}: {
  /** URLs, row by row; none for what is on its way. */
  rows: readonly (readonly (string | undefined)[])[];
  /** Width by height of each. */
  shape: number;
  at: number;
  onAt: (column: number) => void;
}) {
  const style = { aspectRatio: shape };
  const columns = rows[0]?.length ?? 0;
  function scrub(event: React.PointerEvent<HTMLDivElement>) {
    const box = event.currentTarget.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    onAt(Math.min(columns - 1, Math.floor(share * columns)));
  }
  return (
    <div
      className={styles.rows}
      aria-hidden
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        scrub(event);
      }}
      onPointerMove={(event) => event.buttons === 1 && scrub(event)}
    >
      {rows.map((urls, row) => (
        <div key={row}>
          {urls.map((url, column) => (
            <span key={column} data-here={column === at || undefined}>
              {url ? <img src={url} alt="" style={style} draggable={false} /> : <i style={style} />}
            </span>
          ))}
        </div>
      ))}
    </div>
  );
}
