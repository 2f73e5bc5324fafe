import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type HTMLAttributes,
  type Ref,
  useCallback,
  useEffect,
  useId,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import type { Asset } from "@/api/client";
import { useTexts } from "@/texts/texts";
import { classes } from "@/ui";
import styles from "./gallery.module.css";
import type { Pictures } from "./pictureList";
import { Tile, type TileProps } from "./Tile";
import { GAP, moved, thumbnailSide, tiling } from "./tiling";

export interface GridHandle {
  /** Go to a picture. */
  show: (place: number) => void;
  focus: () => void;
  isTopSeen: () => boolean;
}

interface GridProps extends Omit<HTMLAttributes<HTMLDivElement>, "onDragStart"> {
  pictures: Pictures;
  side: number;
  /** Place of the picture that is at the top at first. */
  start: number;
  active: number;
  chosen: ReadonlySet<string>;
  onActive: (place: number) => void;
  onRange: (from: number, to: number) => void;
  onPress: TileProps["onPress"];
  onKey: (key: React.KeyboardEvent, asset: Asset | undefined) => void;
  onDragStart: TileProps["onDragStart"];
  /** Told which picture is at the top. */
  onTop: (place: number) => void;
  handle: Ref<GridHandle>;
}

const NARROW = 500; // pixels; of a phone, where pictures are looked at from nearer

/** Thousands of pictures, of which only those in sight are in the page. Keys go through them; the rest is told upward. */
export function Grid({
  pictures: { items, total },
  side: wished,
  start,
  active,
  chosen,
  onActive,
  onRange,
  onPress,
  onKey,
  onDragStart,
  onTop,
  handle,
  ...rest
}: GridProps) {
  const t = useTexts("gallery");
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const measure = () => {
      const { paddingLeft, paddingRight } = getComputedStyle(element);
      setWidth(element.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const count = total ?? 0;
  const { columns, side } = tiling(width, width < NARROW ? wished * 0.65 : wished);
  const rows = useVirtualizer({
    count: width ? Math.ceil(count / columns) : 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => side + GAP,
    overscan: 4,
  });
  // the picture at the top stays there when their size or number changes
  const top = useRef(start);
  const isReady = count > 0 && width > 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows are as high as pictures are
  useEffect(() => {
    rows.measure();
    if (top.current && isReady) rows.scrollToIndex(Math.floor(top.current / columns), { align: "start" });
  }, [rows, side, columns, isReady]);
  const shown = rows.getVirtualItems();
  const from = (shown[0]?.index ?? 0) * columns;
  const to = ((shown.at(-1)?.index ?? -1) + 1) * columns - 1;
  useEffect(() => {
    if (to >= from && count > 0) onRange(from, to);
  }, [onRange, from, to, count]);
  const show = useCallback(
    (place: number) => rows.scrollToIndex(Math.floor(place / columns), { align: "auto" }),
    [rows, columns],
  );
  useImperativeHandle(handle, () => ({
    show,
    focus: () => scroller.current?.focus({ preventScroll: true }),
    isTopSeen: () => (scroller.current?.scrollTop ?? 0) < side / 2,
  }));
  function onKeyDown(event: React.KeyboardEvent) {
    const visible = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / (side + GAP)));
    const next =
      event.altKey || event.ctrlKey || event.metaKey
        ? undefined
        : moved(event.key, active, { columns, rows: visible, total: count });
    if (next === undefined) {
      onKey(event, items[active]);
      return;
    }
    event.preventDefault();
    if (event.shiftKey) onPress(next, "range");
    onActive(next);
    show(next);
  }
  const tile = (place: number) => `${id}-${place}`;
  return (
    <div
      {...rest}
      ref={scroller}
      role="listbox"
      aria-multiselectable
      aria-label={t("pictures")}
      aria-activedescendant={items[active] && active >= from && active <= to ? tile(active) : undefined}
      tabIndex={0}
      className={classes(
        styles.grid,
        chosen.size > 0 && styles.choosing,
        rest["aria-busy"] === true && styles.waiting,
      )}
      onKeyDown={onKeyDown}
      onScroll={({ currentTarget }) => {
        top.current = Math.round(currentTarget.scrollTop / (side + GAP)) * columns;
        onTop(top.current);
      }}
    >
      <div role="presentation" className={styles.sheet} style={{ height: rows.getTotalSize() }}>
        {shown.map((row) => (
          <div
            key={row.key}
            role="presentation"
            className={styles.row}
            style={{
              transform: `translateY(${row.start}px)`,
              height: side,
              gridTemplateColumns: `repeat(${columns}, ${side}px)`,
              gap: GAP,
            }}
          >
            {Array.from({ length: Math.min(columns, count - row.index * columns) }, (_, column) => {
              const place = row.index * columns + column;
              const asset = items[place];
              return (
                <Tile
                  key={asset?.id ?? place}
                  asset={asset}
                  place={place}
                  id={tile(place)}
                  total={count}
                  thumbnail={thumbnailSide(side, devicePixelRatio)}
                  isActive={place === active}
                  isChosen={asset !== undefined && chosen.has(asset.id)}
                  onPress={onPress}
                  onDragStart={onDragStart}
                />
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}
