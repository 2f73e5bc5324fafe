import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useHashLocation } from "wouter/use-hash-location";
import { type Asset, failure } from "@/api/client";
import { carry, isCarrying } from "@/pictures/carrying";
import { useTexts } from "@/texts/texts";
import { AtPointer, attempt, Button, classes, hasFiles, Trouble, useDrop } from "@/ui";
import { useActions } from "./actions";
import { Compare } from "./Compare";
import { Details } from "./Details";
import { Filters } from "./Filters";
import { ALL, addressOf, type Filter, isByLikeness, type Place, readPlace } from "./filter";
import { Grid, type GridHandle } from "./Grid";
import styles from "./gallery.module.css";
import { Looked, useLooking } from "./Looked";
import { MapView } from "./MapView";
import { menuOf, withoutKeys } from "./menu";
import { Nothing } from "./Nothing";
import { collectionsQuery, idsOf } from "./requests";
import { SelectionBar } from "./SelectionBar";
import { extended, NOTHING, type Selection, toggled, without } from "./selection";
import { Asked, TopBar } from "./TopBar";
import { SIDES, USUAL } from "./tiling";
import { useImport } from "./useImport";
import { useOpened, usePictures } from "./usePictures";
import { useZoom } from "./useZoom";

/** Kept with an address that was opened from the grid, so that closing it goes back. */
const OPENED = { inGallery: true };

/** Where somebody was in the grid, for when they come back from another view. */
let left = { key: "", place: 0 };

/** All pictures: found, looked at, compared, and used again. */
export default function GalleryView() {
  const t = useTexts("gallery");
  const [address, go] = useHashLocation();
  const place = useMemo(() => readPlace(address), [address]);
  const { filter, map } = place;
  const here = useCallback((rest: Partial<Place>) => addressOf(filter, { map, ...rest }), [filter, map]);
  const grid = useRef<GridHandle>(null);
  const plane = useRef<HTMLDivElement>(null);
  const { list, pictures, shown, isWaiting } = usePictures(filter, () => grid.current?.isTopSeen() ?? true);
  const [zoom, resize] = useZoom();
  const [active, setActive] = useState(0);
  const [onMap, setOnMap] = useState("");
  const [selection, setSelection] = useState<Selection>(NOTHING);
  const [hasFilters, setFilters] = useState(false);
  const looking = useLooking(list, isByLikeness(filter));
  const canLook = looking?.on ?? false;
  const collections = useQuery(collectionsQuery).data;
  const collection = collections?.find(({ id }) => id === filter.collection);
  const find = useCallback(
    (part: Partial<Filter>, replace = false) => {
      setSelection(NOTHING);
      setActive(0);
      go(addressOf({ ...filter, ...part }, { map }), { replace });
    },
    [filter, map, go],
  );
  const open = useOpened(place.show, pictures.items);
  const isCovered = Boolean(place.compare ?? open);
  const at = place.show ? list.placeOf(place.show) : -1;

  function show(asset: Asset, replace = false) {
    go(here({ show: asset.id }), { replace, state: history.state });
  }
  function close() {
    if (history.state?.inGallery) history.back();
    else go(here({}), { replace: true });
    if (at >= 0) {
      setActive(at);
      grid.current?.show(at);
    }
  }
  function step(by: 1 | -1, from = at) {
    const next = pictures.items[from + by];
    if (next) show(next, true);
  }
  const onGone = useCallback(
    (ids: readonly string[]) => {
      setSelection((before) => without(before, ids));
      if (!ids.includes(place.show)) return;
      const next = pictures.items[at + 1] ?? pictures.items[at - 1];
      go(here({ show: next?.id }), { replace: true, state: history.state });
    },
    [place.show, pictures.items, at, here, go],
  );
  const actions = useActions(list, onGone);
  const { isBusy, bring } = useImport(() => find({ ...ALL, source: "brought" }));
  const onRange = useCallback((from: number, to: number) => list.ensure(from, to), [list]);
  useEffect(() => {
    if (at >= 0) list.ensure(Math.max(0, at - 2), at + 2);
  }, [list, at]);

  const isBin = filter.source === "bin";
  const compare = (ids: readonly [string, string]) => go(here({ compare: ids }), { state: OPENED });
  const wasCovered = useRef(false);
  useEffect(() => {
    if (wasCovered.current && !isCovered) (plane.current ?? grid.current)?.focus();
    wasCovered.current = isCovered;
  }, [isCovered]);

  const isChoosing = selection.ids.size > 0;
  useEffect(() => {
    if (!isChoosing || isCovered) return;
    const onEscape = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) setSelection(NOTHING);
    };
    addEventListener("keydown", onEscape);
    return () => removeEventListener("keydown", onEscape);
  }, [isChoosing, isCovered]);
  const onPress = useCallback(
    (where: number, how: "open" | "choose" | "range") => {
      const asset = list.get().items[where];
      setActive(where);
      if (!asset) return;
      if (how === "range") setSelection((old) => extended(old, where, (n) => list.get().items[n]?.id));
      else if (how === "choose" || isChoosing) setSelection((old) => toggled(old, asset.id, where));
      else go(here({ show: asset.id }), { state: OPENED });
    },
    [list, isChoosing, here, go],
  );
  const chosenOr = (asset: Asset | undefined) =>
    isChoosing && (!asset || selection.ids.has(asset.id)) ? [...selection.ids] : asset ? [asset.id] : [];
  function onKey(event: React.KeyboardEvent, asset: Asset | undefined) {
    const isCommand = event.ctrlKey || event.metaKey;
    const ids = chosenOr(asset);
    const acts = new Map<string, () => void>(
      isCommand
        ? [["a", () => void chooseAll()]]
        : [
            ["Enter", () => asset && go(here({ show: asset.id }), { state: OPENED })],
            [" ", () => asset && setSelection((old) => toggled(old, asset.id, active))],
            ["Delete", () => ids.length && !isBin && void actions.bin(ids)],
            ["f", () => ids.length && void actions.favourite(ids, !asset?.favourite)],
            ["+", () => resize(zoom + 1)],
            ["-", () => resize(zoom - 1)],
          ],
    );
    const act = acts.get(event.key);
    if (!act || event.altKey) return;
    event.preventDefault();
    act();
  }
  const chooseAll = () =>
    attempt(async () => setSelection({ ids: new Set(await idsOf(filter)), from: active }));
  const known = pictures.items.filter(
    (asset): asset is Asset => asset !== undefined && selection.ids.has(asset.id),
  );
  const placed = useOpened(map ? onMap : "", pictures.items);
  const pointed = map ? placed : pictures.items[active];
  const choose = (id: string) => setSelection((old) => toggled(old, id, active));
  const menu = pointed
    ? menuOf(t, pointed, chosenOr(pointed), {
        actions,
        isBin,
        onOpen: () => go(here({ show: pointed.id }), { state: OPENED }),
        onChoose: () => choose(pointed.id),
        onCompare: compare,
        onNear: canLook ? () => find({ ...ALL, near: pointed.id }) : undefined,
      })
    : [{ label: t("loading"), disabled: true, onSelect: () => {} }];
  const { total } = pictures;
  const { isOver, drop } = useDrop(
    (data) => hasFiles(data) && !isCarrying(data),
    ({ files }) => bring([...files]),
  );
  return (
    <section className={styles.gallery} aria-label={t("gallery")} {...drop}>
      <div className={styles.under} inert={isCovered}>
        <h1 className="sr-only">{t("gallery")}</h1>
        <aside className={classes(styles.side, hasFilters && styles.sideOpen)} aria-label={t("filters")}>
          <Filters
            filter={filter}
            total={total}
            onChange={find}
            onClose={() => setFilters(false)}
            onDrop={(ids, to) => void actions.collect(ids, to)}
          />
        </aside>
        <div className={styles.main}>
          {isChoosing ? (
            <SelectionBar
              ids={[...selection.ids]}
              known={known}
              actions={actions}
              isBin={isBin}
              collection={collection}
              onCompare={compare}
              onClear={() => setSelection(NOTHING)}
            />
          ) : (
            <TopBar
              filter={filter}
              zoom={zoom}
              isBusy={isBusy}
              canLook={canLook}
              onChange={find}
              onZoom={resize}
              onFilters={() => setFilters(!hasFilters)}
              onFiles={bring}
              isMap={map}
              onMap={(next) => go(here({ map: next }))}
            />
          )}
          <Asked filter={filter} shown={shown} total={total} collection={collection?.name} onChange={find} />
          {looking && (isByLikeness(filter) || (map && looking.problem)) && <Looked looking={looking} />}
          {isBin && <p className={styles.hint}>{t("bin about")}</p>}
          {pictures.failure ? (
            <Trouble
              failure={failure(pictures.failure)}
              actions={<Button onClick={() => void list.load()}>{t("try again")}</Button>}
            />
          ) : total === 0 ? (
            <Nothing filter={filter} onClear={() => find({ ...ALL, order: filter.order })} />
          ) : map ? (
            <MapView
              filter={filter}
              stage={plane}
              chosen={selection.ids}
              menu={withoutKeys(menu)}
              onMenu={setOnMap}
              onOpen={(id) => (isChoosing ? choose(id) : go(here({ show: id }), { state: OPENED }))}
              onGrid={() => go(here({ map: false }))}
            />
          ) : (
            <AtPointer items={menu}>
              <Grid
                key={list.key}
                start={left.key === list.key ? left.place : 0}
                onTop={(place) => {
                  left = { key: list.key, place };
                }}
                handle={grid}
                aria-busy={isWaiting}
                pictures={pictures}
                side={SIDES[zoom] ?? SIDES[USUAL]}
                active={active}
                chosen={selection.ids}
                onActive={setActive}
                onRange={onRange}
                onPress={onPress}
                onKey={onKey}
                onContextMenuCapture={(event) => {
                  const tile = (event.target as Element).closest<HTMLElement>("[data-place]");
                  if (tile) setActive(Number(tile.dataset.place));
                }}
                onDragStart={(asset, data) => carry(selection.ids.has(asset.id) ? known : [asset], data)}
              />
            </AtPointer>
          )}
          {pictures.fresh > 0 && !map && (
            <Button
              look="primary"
              className={styles.fresh}
              onClick={() => {
                setActive(0);
                void list.look(true).then(() => grid.current?.show(0));
              }}
            >
              {t("new ones", { n: pictures.fresh })}
            </Button>
          )}
        </div>
      </div>
      {place.compare ? (
        <Compare
          ids={place.compare}
          onSwap={() => {
            const [one, other] = place.compare ?? ["", ""];
            go(here({ compare: [other, one] }), { replace: true, state: history.state });
          }}
          onClose={close}
        />
      ) : (
        open && (
          <Details
            asset={open}
            place={at}
            total={total ?? 0}
            actions={actions}
            onStep={step}
            onCompare={(other) => compare([open.id, other])}
            beside={pictures.items[at + 1]?.id ?? pictures.items[at - 1]?.id}
            onClose={close}
            onFilter={({ model, tag }) => find({ ...ALL, model: model ?? "", tags: tag ? [tag] : [] })}
            onNear={canLook ? () => find({ ...ALL, near: open.id }) : undefined}
          />
        )
      )}
      {isOver && <div className={styles.drop}>{t("drop")}</div>}
    </section>
  );
}
