import { Maximize, Minus, Plus } from "lucide-react";
import { type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { type Size, toScreen, type View } from "@/painting/geometry";
import { useTexts } from "@/texts/texts";
import { AtPointer, IconButton, type MenuItem, useSize } from "@/ui";
import styles from "./map.module.css";
import {
  central,
  inSight,
  nearer,
  neighbour,
  type Placed,
  type Spot,
  seenAt,
  showing,
  sideAt,
  sizeOf,
  spotsOf,
  wayOf,
  whole,
} from "./mapping";
import { sideFor, Thumbnails } from "./thumbnails";
import { useWandering } from "./useWandering";

const STEP = 1.5; // times nearer, for each press of a key or a button
const TOGETHER = 50; // milliseconds in which pictures that come are drawn at once
const POINTED = 1.35; // times as large as the others

export interface Wandered {
  /** What takes keys, for whoever gives the focus back. */
  stage: RefObject<HTMLDivElement | null>;
  chosen: ReadonlySet<string>;
  /** What the right mouse button offers on the picture of which `onMenu` was told last. */
  menu: readonly MenuItem[];
  onMenu: (id: string) => void;
  onOpen: (id: string) => void;
}

/** Pictures on a plane that one wanders through with pointer, fingers or keys. */
export function Plane({
  stage,
  chosen,
  menu,
  onMenu,
  onOpen,
  pictures,
  describedBy,
}: Wandered & { pictures: readonly Placed[]; describedBy: string }) {
  const t = useTexts("gallery");
  const spots = useMemo(() => spotsOf(pictures), [pictures]);
  const size = useSize(stage);
  const [moved, setMoved] = useState<View | null>(null);
  const [pointed, setPointed] = useState<{ id: string; byKey: boolean } | null>(null);
  const view = moved ?? whole(spots, size);
  const side = sideAt(view.scale, spots, size);
  const at = pointed ? spots.findIndex(({ picture }) => picture.id === pointed.id) : -1;
  const spot = spots[at];
  const change = useCallback(
    (act: (view: View) => View) => setMoved((before) => act(before ?? whole(spots, size))),
    [spots, size],
  );
  const seen = (place: number, byKey = false) => {
    const id = spots[place]?.picture.id;
    setPointed(id ? { id, byKey } : null);
  };
  const pointers = useWandering(stage, change, {
    onPoint: (point) => seen(point ? seenAt(spots, view, side, point) : -1),
    onPress: (point) => {
      const there = spots[seenAt(spots, view, side, point)];
      if (there) onOpen(there.picture.id);
    },
  });
  function onContextMenu(event: React.MouseEvent) {
    const isByKey = event.button !== 2;
    const meant = spots[isByKey ? at : seenAt(spots, view, side, pointers.place(event))];
    if (meant) onMenu(meant.picture.id);
    else event.preventDefault();
  }
  function goTo(place: number) {
    const there = spots[place];
    if (!there) return;
    seen(place, true);
    change((held) => showing(held, there, side, size));
  }
  function onKeyDown(event: React.KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const way = wayOf(event.key);
    const acts = new Map<string, () => void>([
      ["Enter", () => spot && onOpen(spot.picture.id)],
      [" ", () => spot && onOpen(spot.picture.id)],
      ["+", () => change((held) => nearer(held, STEP, size, spot))],
      ["=", () => change((held) => nearer(held, STEP, size, spot))],
      ["-", () => change((held) => nearer(held, 1 / STEP, size, spot))],
      ["0", () => setMoved(null)],
      ["Home", () => setMoved(null)],
    ]);
    const act = way
      ? () => goTo(spot ? neighbour(spots, at, way) : central(spots, view, size))
      : acts.get(event.key);
    if (!act) return;
    event.preventDefault();
    act();
  }
  return (
    <div className={styles.plane}>
      <AtPointer items={menu}>
        <div
          ref={stage}
          className={styles.stage}
          role="application"
          aria-label={t("map")}
          aria-describedby={describedBy}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes keys
          tabIndex={0}
          data-pointed={spot ? "" : undefined}
          onKeyDown={onKeyDown}
          onContextMenu={onContextMenu}
          {...pointers.handlers}
        >
          <Drawn spots={spots} view={view} side={side} size={size} at={at} chosen={chosen} />
        </div>
      </AtPointer>
      <div className={styles.tools}>
        <IconButton
          icon={Plus}
          look="plain"
          label={t("map nearer")}
          shortcut="+"
          onClick={() => change((held) => nearer(held, STEP, size))}
        />
        <IconButton
          icon={Minus}
          look="plain"
          label={t("map farther")}
          shortcut="−"
          onClick={() => change((held) => nearer(held, 1 / STEP, size))}
        />
        <IconButton
          icon={Maximize}
          look="plain"
          label={t("map whole")}
          shortcut="0"
          onClick={() => setMoved(null)}
        />
      </div>
      <p className={styles.caption} aria-live={pointed?.byKey ? "polite" : "off"}>
        {spot && (spot.picture.prompt || spot.picture.path)}
      </p>
    </div>
  );
}

/** The pictures, those that were made last above the others, and the one that is pointed at above all. */
function Drawn({
  spots,
  view,
  side,
  size,
  at,
  chosen,
}: {
  spots: readonly Spot[];
  view: View;
  side: number;
  size: Size;
  at: number;
  chosen: ReadonlySet<string>;
}) {
  const ref = useRef<HTMLCanvasElement>(null);
  const [, setLoaded] = useState(0);
  const [thumbnails, setThumbnails] = useState<Thumbnails | null>(null);
  useEffect(() => {
    let drawing: ReturnType<typeof setTimeout> | undefined;
    const made = new Thumbnails(() => {
      drawing ??= setTimeout(() => {
        drawing = undefined;
        setLoaded((count) => count + 1);
      }, TOGETHER);
    });
    setThumbnails(made);
    return () => {
      made.stop();
      clearTimeout(drawing);
    };
  }, []);
  useLayoutEffect(() => {
    const canvas = ref.current;
    const pen = canvas?.getContext("2d");
    if (!canvas || !pen || !thumbnails || size.width === 0) return;
    const ratio = devicePixelRatio;
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, size.width, size.height);
    const style = getComputedStyle(canvas);
    const colour = (name: string) => style.getPropertyValue(name);
    const [ground, accent] = [colour("--ground"), colour("--accent")];
    pen.fillStyle = colour("--raised");
    const places = inSight(spots, view, side, size);
    thumbnails.want(
      places.flatMap((place) => spots[place]?.picture.thumbnail ?? []),
      sideFor(side, ratio),
    );
    const draw = (place: number, of: number) => {
      const spot = spots[place];
      if (!spot) return;
      const middle = toScreen(view, spot);
      const drawn = sizeOf(spot.picture, of);
      const box = [
        middle.x - drawn.width / 2,
        middle.y - drawn.height / 2,
        drawn.width,
        drawn.height,
      ] as const;
      const image = thumbnails.get(spot.picture.thumbnail);
      if (image) pen.drawImage(image, ...box);
      else pen.fillRect(...box);
      const isMarked = place === at || chosen.has(spot.picture.id);
      pen.lineWidth = isMarked ? 3 : 1;
      pen.strokeStyle = isMarked ? accent : ground;
      pen.strokeRect(...box);
    };
    for (const place of places.sort((one, other) => other - one)) if (place !== at) draw(place, side);
    draw(at, side * POINTED);
  });
  return <canvas ref={ref} className={styles.canvas} aria-hidden />;
}
