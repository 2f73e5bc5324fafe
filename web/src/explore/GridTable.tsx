import { type CSSProperties, type KeyboardEvent, memo, useEffect, useRef, useState } from "react";
import { useTexts } from "@/texts/texts";
import { classes } from "@/ui";
import { CellView } from "./CellView";
import { keyOf, type Line, neighbour, type Place, sizeOf } from "./cells";
import styles from "./grid.module.css";
import { valueName, type Words } from "./names";
import { pictureOf, useResults } from "./results";
import type { Run } from "./store";
import { moved, WHOLE, type Zoom, zoomed } from "./zoom";

const SLACK = 4; // pixels that a hand moves while it clicks

interface Props {
  run: Run | null;
  lines: readonly Line[];
  page: number;
  /** Width of a cell in pixels. */
  side: number;
  zoom: Zoom;
  /** Height of a picture for its width. */
  shape: number;
  reference: Place | null;
  onZoom: (zoom: Zoom) => void;
  onPage: (page: number) => void;
  onOpen: (at: Place) => void;
}

/** The cells of a page. Labels stay in sight; zooming and moving go for all cells at once. */
export function GridTable({ run, lines, page, side, zoom, shape, reference, onZoom, onPage, onOpen }: Props) {
  const t = useTexts("explore");
  const size = sizeOf(lines);
  const [focus, setFocus] = useState<Place>([0, 0, page]);
  const place = useRef<HTMLDivElement>(null);
  const hand = useRef<{ x: number; y: number; far: boolean } | null>(null);
  useZoomByWheel(place, zoom, onZoom);
  const referenceJob = useResults((state) =>
    reference ? state.jobs[run?.jobs[keyOf(reference)] ?? ""] : undefined,
  );
  const against = referenceJob ? (pictureOf(referenceJob)?.url ?? null) : null;
  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "+" || event.key === "=") onZoom(zoomed(zoom, 1.5));
    else if (event.key === "-") onZoom(zoomed(zoom, 1 / 1.5));
    else if (event.key === "0") onZoom(WHOLE);
    else {
      const to = neighbour([focus[0], focus[1], page], event.key, size);
      if (keyOf(to) === keyOf([focus[0], focus[1], page])) return;
      event.preventDefault();
      setFocus(to);
      onPage(to[2]);
      place.current?.querySelector<HTMLElement>(`[data-cell="${to[0]},${to[1]}"]`)?.focus();
      return;
    }
    event.preventDefault();
  }
  const variables: Record<string, string> = {
    "--side": `${side}px`,
    "--shape": String(shape),
    "--scale": String(zoom.scale),
    "--x": `${zoom.x * 100}%`,
    "--y": `${zoom.y * 100}%`,
  };
  const columns = lines[0]?.values ?? [];
  const rows = lines[1]?.values ?? null;
  const cell = (column: number, row: number) => (
    <Placed
      run={run}
      lines={lines}
      column={column}
      row={row}
      page={page}
      side={side}
      scale={zoom.scale}
      isFocus={focus[0] === column && focus[1] === row}
      against={reference && keyOf(reference) !== keyOf([column, row, page]) ? against : null}
      isReference={reference !== null && keyOf(reference) === keyOf([column, row, page])}
      onFocus={setFocus}
      onOpen={onOpen}
    />
  );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys bubble up from the cells, which have the focus
    <div
      ref={place}
      className={classes(styles.scroll, zoom.scale > 1 && styles.zoomed)}
      style={variables as CSSProperties}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        hand.current = { x: event.clientX, y: event.clientY, far: false };
      }}
      onPointerMove={(event) => {
        const { current } = hand;
        if (!current || event.buttons !== 1 || zoom.scale <= 1) return;
        const [x, y] = [event.clientX - current.x, event.clientY - current.y];
        if (!current.far && Math.hypot(x, y) < SLACK) return;
        hand.current = { x: event.clientX, y: event.clientY, far: true };
        onZoom(moved(zoom, x / side, y / (side * shape)));
      }}
      onClickCapture={(event) => {
        if (hand.current?.far) event.stopPropagation();
        hand.current = null;
      }}
    >
      {rows ? (
        <table className={styles.table}>
          <thead>
            <tr>
              <td className={styles.corner}>
                <span>{lines[0]?.name} →</span>
                <span>{lines[1]?.name} ↓</span>
              </td>
              {columns.map(({ label }, column) => (
                <th key={column} scope="col" title={label}>
                  <span>{valueName(label, t)}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ label }, row) => (
              <tr key={row}>
                <th scope="row" title={label}>
                  <span>{valueName(label, t)}</span>
                </th>
                {columns.map((_, column) => (
                  <td key={column}>{cell(column, row)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <>
          <p className={styles.single}>{lines[0]?.name}</p>
          <ul className={styles.wrapped}>
            {columns.map(({ label }, column) => (
              <li key={column}>
                {cell(column, 0)}
                <span className={styles.under} title={label}>
                  {valueName(label, t)}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

/** A cell that is drawn anew only when something of its own changes. */
const Placed = memo(function Placed({
  run,
  lines,
  column,
  row,
  page,
  side,
  scale,
  isFocus,
  against,
  isReference,
  onFocus,
  onOpen,
}: {
  run: Run | null;
  lines: readonly Line[];
  column: number;
  row: number;
  page: number;
  side: number;
  scale: number;
  isFocus: boolean;
  against: string | null;
  isReference: boolean;
  onFocus: (at: Place) => void;
  onOpen: (at: Place) => void;
}) {
  const t = useTexts("explore");
  const at: Place = [column, row, page];
  return (
    <CellView
      job={run?.jobs[keyOf(at)]}
      name={nameAt(lines, at, t)}
      mark={`${column},${row}`}
      needs={side * scale}
      isFocus={isFocus}
      against={against}
      isReference={isReference}
      onFocus={() => onFocus(at)}
      onOpen={() => onOpen(at)}
    />
  );
});

/** "Steps 20, CFG 7" */
export function nameAt(lines: readonly Line[], at: Place, t: Words): string {
  return lines
    .map(({ name, values }, line) => `${name} ${valueName(values[at[line as 0 | 1 | 2]]?.label ?? "", t)}`)
    .join(", ");
}

/** Ctrl and the wheel, towards the pointer. React's own wheel events could not keep the page from zooming. */
function useZoomByWheel(
  place: React.RefObject<HTMLDivElement | null>,
  zoom: Zoom,
  onZoom: (zoom: Zoom) => void,
): void {
  const now = useRef({ zoom, onZoom });
  now.current = { zoom, onZoom };
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    function onWheel(event: WheelEvent) {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const cell = event.target instanceof Element ? event.target.closest("[data-cell]") : null;
      const box = cell?.getBoundingClientRect();
      const at = box
        ? ([
            (event.clientX - box.left) / box.width - 0.5,
            (event.clientY - box.top) / box.height - 0.5,
          ] as const)
        : undefined;
      now.current.onZoom(zoomed(now.current.zoom, Math.exp(-event.deltaY / 300), at));
    }
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [place]);
}
