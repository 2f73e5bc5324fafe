import { SlidersHorizontal } from "lucide-react";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useTexts } from "@/texts/texts";
import { Button, Dialog, IconButton, Spinner, say, sayFailure } from "@/ui";
import { fitted, type Point, type Size, toScreen, type View, zoomed } from "./geometry";
import { blank, kept, resumed } from "./layers";
import { isWidened } from "./outpaint";
import { Panel } from "./Panel";
import styles from "./painting.module.css";
import { maskOf, paintFrom, type Raster } from "./raster";
import { Stage } from "./Stage";
import { Actions, Settings, Tools, Zoom } from "./Toolbar";
import type { MaskEditorProps } from "./types";
import { useDrawing } from "./useDrawing";
import { useKeys } from "./useKeys";
import { usePainting } from "./usePainting";

type Given = ReadonlyMap<string, CanvasImageSource>;

/** Fetches the masks that are begun with, then opens. */
export default function MaskEditor(props: MaskEditorProps) {
  const t = useTexts("painting");
  const given = useGiven(props);
  if (given) return <Editor {...props} given={given} />;
  return (
    <Dialog
      title={props.title ?? t("title")}
      size="full"
      onClose={() => props.onClose(props.state ?? kept(blank(props.mask), props))}
    >
      <Spinner label={t("opening")} />
    </Dialog>
  );
}

function useGiven({ state, mask, width, height }: MaskEditorProps): Given | null {
  const t = useTexts("painting");
  const [given, setGiven] = useState<Given | null>(null);
  const first = useRef({ state, mask, width, height, t });
  useEffect(() => {
    const { state, mask, t, ...size } = first.current;
    const held = resumed(state, size);
    const marks = held ? held.layers.flatMap((layer) => layer.marks) : [];
    const urls = new Set(marks.flatMap((mark) => (mark.kind === "given" ? [mark.url] : [])));
    if (!held && mask) urls.add(mask);
    let isLeft = false;
    async function fetchAll() {
      const found = new Map<string, CanvasImageSource>();
      for (const url of urls)
        await paintFrom(url).then(
          (paint) => found.set(url, paint),
          () => say(t("mask gone"), { kind: "bad" }),
        );
      if (!isLeft) setGiven(found);
    }
    void fetchAll();
    return () => {
      isLeft = true;
    };
  }, []);
  return given;
}

function Editor({
  image,
  width,
  height,
  mask,
  state,
  outpaint = false,
  title,
  onDone,
  onClose,
  onChange,
  given,
}: MaskEditorProps & { given: Given }) {
  const t = useTexts("painting");
  const [size] = useState<Size>({ width, height });
  const stage = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<View>({ scale: 1, x: 0, y: 0 });
  const [cross, setCross] = useState<Point | null>(null);
  const [isPanelOpen, setPanelOpen] = useState(false); // on a phone
  const [isBusy, setBusy] = useState(false);
  const work = usePainting(size, { state, mask }, onChange);
  const drawing = useDrawing(work);
  const sides = useRef(work.painting.outpaint);
  sides.current = work.painting.outpaint;

  const showAll = useCallback(() => {
    const box = stage.current;
    if (box) setView(fitted({ width: box.clientWidth, height: box.clientHeight }, size, sides.current));
  }, [size]);
  useLayoutEffect(() => {
    showAll();
    const watch = new ResizeObserver(showAll);
    if (stage.current) watch.observe(stage.current);
    return () => watch.disconnect();
  }, [showAll]);
  useEffect(() => stage.current?.focus({ preventScroll: true }), []); // once the dialog has opened

  const zoom = (factor: number | "one") => {
    const box = stage.current;
    if (!box) return;
    const middle = cross ? toScreen(view, cross) : { x: box.clientWidth / 2, y: box.clientHeight / 2 };
    setView((held) => zoomed(held, middle, factor === "one" ? 1 / held.scale : factor));
  };
  function showCross(at: Point | null) {
    setCross(at);
    const box = stage.current;
    if (!at || !box) return;
    const { x, y } = toScreen(view, at);
    const aside = (value: number, length: number) =>
      value < 0 ? -value : value > length ? length - value : 0;
    const [byX, byY] = [aside(x, box.clientWidth), aside(y, box.clientHeight)];
    if (byX || byY) setView((held) => ({ ...held, x: held.x + byX, y: held.y + byY }));
  }
  const keys = useKeys({ work, drawing, view, size, zoom, showAll, onCross: showCross });

  async function finish() {
    drawing.cancel();
    setBusy(true);
    try {
      const { painting, rasters } = work;
      const shown = painting.layers
        .filter((layer) => layer.visible)
        .map(({ id }) => rasters.get(id))
        .filter((raster): raster is Raster => raster !== undefined);
      onDone({
        mask: await maskOf(shown, size),
        feather: painting.feather,
        outpaint: outpaint && isWidened(painting.outpaint) ? painting.outpaint : null,
        state: work.state(),
      });
    } catch (error) {
      sayFailure(error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog
      title={title ?? t("title")}
      size="full"
      onClose={() => {
        if (!drawing.cancel()) onClose(work.state());
      }}
      actions={
        <>
          <Button onClick={() => onClose(work.state())}>{t("later")}</Button>
          <Button look="primary" busy={isBusy} onClick={() => void finish()}>
            {t("use")}
          </Button>
        </>
      }
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: shortcuts of everything inside */}
      <div className={styles.editor} onKeyDown={keys.onKeyDown} onKeyUp={keys.onKeyUp}>
        <Tools onTake={drawing.cancel} />
        <div className={styles.top}>
          <Settings />
          <Actions work={work} />
          <Zoom scale={view.scale} zoom={zoom} showAll={showAll} />
          <span className={styles.onPhone}>
            <IconButton
              icon={SlidersHorizontal}
              label={t("more")}
              pressed={isPanelOpen}
              onClick={() => setPanelOpen(!isPanelOpen)}
            />
          </span>
        </div>
        <Stage
          image={image}
          size={size}
          given={given}
          work={work}
          drawing={drawing}
          keys={keys}
          view={view}
          setView={setView}
          stage={stage}
          cross={cross}
          outpaint={outpaint}
        />
        <div className={styles.panel} data-open={isPanelOpen || undefined}>
          <Panel work={work} size={size} outpaint={outpaint} />
        </div>
        <p role="status" className="sr-only">
          {cross && t("at", { x: Math.round(cross.x), y: Math.round(cross.y) })}
        </p>
      </div>
    </Dialog>
  );
}
