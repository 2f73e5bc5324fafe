import { Diff, Grid3x3, History, ImageDown, Minus, Plus, RotateCcw, Square, ZoomIn } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { durationText } from "@/texts/measures";
import { useLanguage, useTexts } from "@/texts/texts";
import { attempt, Button, Empty, IconButton, Menu, Progress, say } from "@/ui";
import { Big } from "./Big";
import { keyOf, type Place, sizeOf } from "./cells";
import { keepGrid, pictureOfGrid } from "./drawing";
import shared from "./explore.module.css";
import { GridTable } from "./GridTable";
import styles from "./grid.module.css";
import { valueName } from "./names";
import { cancelRest, pictureOf, retryMissing, tallyOf, useResults } from "./results";
import { comeBackTo, type Run, useExploring } from "./store";
import type { Plan } from "./useGrid";
import { WHOLE, zoomed } from "./zoom";

const SIZES = { least: 72, most: 512 };
const MOST_FITTING = 256;
const BESIDE = 600; // pixels of everything that stands beside the cells
const KEPT = "safelight.explore.size";

/** The grid with what can be done to it. */
export function GridPanel({ plan }: { plan: Plan }) {
  const t = useTexts("explore");
  const { run, axes } = useExploring();
  const [page, setPage] = useState(0);
  const [side, setSide] = useState(() => Number(localStorage.getItem(KEPT)));
  const [zoom, setZoom] = useState(WHOLE);
  const [opened, setOpened] = useState<Place | null>(null);
  const [reference, setReference] = useState<Place | null>(null);
  const batch = run?.batch;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another grid is looked at anew
  useEffect(() => {
    setPage(0);
    setZoom(WHOLE);
    setOpened(null);
    setReference(null);
  }, [batch]);
  const lines = run ? run.lines : plan.lines;
  if (!run && (axes.length === 0 || plan.count === 0 || plan.obstacle))
    return (
      <Empty icon={Grid3x3} title={t("grid empty")}>
        <p>{t("grid empty about")}</p>
      </Empty>
    );
  const size = sizeOf(lines);
  const shown = Math.min(page, size[2] - 1);
  const fitting = Math.floor((innerWidth - BESIDE) / (lines.length > 1 ? size[0] : Math.min(size[0], 4)));
  const width = side || Math.min(MOST_FITTING, Math.max(112, fitting));
  const isOld = run !== null && plan.count > 0 && !isSame(run, plan);
  return (
    <>
      <div className={styles.bar}>
        {run ? <State run={run} isOld={isOld} /> : <p className={shared.grow}>{t("preview")}</p>}
        <div className={styles.tools}>
          <label className={styles.slider}>
            <span className="sr-only">{t("cell size")}</span>
            <input
              type="range"
              aria-label={t("cell size")}
              min={SIZES.least}
              max={SIZES.most}
              step={8}
              value={width}
              onChange={(event) => {
                localStorage.setItem(KEPT, event.target.value);
                setSide(Number(event.target.value));
              }}
            />
          </label>
          <IconButton
            icon={Minus}
            label={t("zoom out")}
            disabled={zoom.scale <= 1}
            onClick={() => setZoom(zoomed(zoom, 0.5))}
          />
          <Button
            look="quiet"
            icon={ZoomIn}
            title={t("zoom hint")}
            className={styles.scale}
            onClick={() => setZoom(WHOLE)}
          >
            {Math.round(zoom.scale * 100)} %<span className="sr-only"> {t("zoom reset")}</span>
          </Button>
          <IconButton icon={Plus} label={t("zoom in")} onClick={() => setZoom(zoomed(zoom, 2))} />
          {run && (
            <>
              <IconButton
                icon={Diff}
                label={`${t("differences")}. ${t("differences about")}`}
                pressed={reference !== null}
                onClick={() => setReference(reference ? null : [0, 0, shown])}
              />
              <SaveButton run={run} />
            </>
          )}
          <Earlier />
        </div>
      </div>
      {lines[2] && (
        <fieldset className={shared.pages} aria-label={lines[2].name}>
          <span className={shared.small}>{lines[2].name}</span>
          {lines[2].values.map(({ label }, place) => (
            <button
              key={place}
              type="button"
              className={shared.way}
              aria-pressed={place === shown}
              onClick={() => setPage(place)}
            >
              {valueName(label, t)}
            </button>
          ))}
        </fieldset>
      )}
      <GridTable
        run={run}
        lines={lines}
        page={shown}
        side={width}
        zoom={zoom}
        shape={shapeOf(run, plan)}
        reference={reference}
        onZoom={setZoom}
        onPage={setPage}
        onOpen={setOpened}
      />
      {run && opened && (
        <Big
          run={run}
          at={opened}
          isReference={reference !== null && keyOf(reference) === keyOf(opened)}
          onMove={(at) => {
            setOpened(at);
            setPage(at[2]);
          }}
          onReference={() => setReference(opened)}
          onClose={() => {
            setOpened(null);
            requestAnimationFrame(() => cellAt(opened)?.focus());
          }}
        />
      )}
    </>
  );
}

/** Who closes a picture goes on where it stands in the grid. */
function cellAt([column, row]: Place): HTMLElement | null {
  return document.querySelector(`[data-cell="${column},${row}"]`);
}

/** Whether the grid that is shown is the one that would be made now. */
function isSame(run: Run, plan: Plan): boolean {
  const partsOf = ({ lines, fixed }: Pick<Plan, "lines" | "fixed">) =>
    JSON.stringify([lines.map(({ node, input, values }) => [node, input, values]), fixed]);
  return partsOf(run) === partsOf(plan);
}

/** Height of a picture for its width, known before there is one. */
function shapeOf(run: Run | null, plan: Plan): number {
  const { jobs } = useResults.getState();
  for (const id of Object.values(run?.jobs ?? {})) {
    const picture = pictureOf(jobs[id]);
    if (picture?.width && picture.height) return picture.height / picture.width;
  }
  const number = (input: string) =>
    Number(plan.settings.find((setting) => setting.input === input)?.value ?? Number.NaN);
  const shape = number("height") / number("width");
  return Number.isFinite(shape) && shape > 0 ? Math.min(3, Math.max(1 / 3, shape)) : 1;
}

function State({ run, isOld }: { run: Run; isOld: boolean }) {
  const t = useTexts("explore");
  const { language } = useLanguage();
  const jobs = useResults((state) => state.jobs);
  const tally = useMemo(() => tallyOf(run, jobs), [run, jobs]);
  const [isBusy, setBusy] = useState(false);
  const missing = tally.total - tally.open - tally.done;
  async function makeMissing() {
    setBusy(true);
    await attempt(() => retryMissing(run));
    setBusy(false);
  }
  return (
    <div className={styles.state}>
      <p role="status">
        {tally.open === 0 && tally.done === tally.total
          ? `${t("all done")} · ${t("pictures count", { n: tally.total })}`
          : t("done of", { done: tally.done, n: tally.total })}
        {tally.left !== null && ` · ${t("time left", { time: durationText(tally.left, language) })}`}
        {isOld && tally.open === 0 && <span className={styles.old}> · {t("changed since")}</span>}
        {tally.failed > 0 && (
          <span className={shared.wrong}> · {t("failed count", { n: tally.failed })}</span>
        )}
      </p>
      <div className={styles.stateRow}>
        <Progress label={t("grid")} value={tally.total ? tally.done / tally.total : 0} />
        {tally.open === 0 && missing > 0 && (
          <Button look="quiet" icon={RotateCcw} busy={isBusy} onClick={makeMissing}>
            {t("make missing", { n: missing })}
          </Button>
        )}
        {tally.open > 0 && (
          <Button look="quiet" icon={Square} onClick={() => void attempt(() => cancelRest(run))}>
            {t("cancel rest")}
          </Button>
        )}
      </div>
    </div>
  );
}

function SaveButton({ run }: { run: Run }) {
  const t = useTexts("explore");
  const [isBusy, setBusy] = useState(false);
  async function save() {
    setBusy(true);
    const { jobs } = useResults.getState();
    const pictures = Object.fromEntries(
      Object.entries(run.jobs).map(([key, id]) => [key, pictureOf(jobs[id])]),
    );
    const title = `${run.base.name.slice(0, 80)} · ${run.lines.map(({ name }) => name).join(" × ")}`;
    const labels = run.lines.map(({ values }) => values.map(({ label }) => valueName(label, t)));
    const kept = await attempt(async () =>
      keepGrid(await pictureOfGrid({ run, pictures, title, labels }), "grid.png"),
    );
    setBusy(false);
    if (!kept) return;
    const isWhole = Object.values(pictures).every((asset) => asset !== null);
    say(t("saved picture"), isWhole ? {} : { detail: t("not all done") });
  }
  return <IconButton icon={ImageDown} label={t("save picture")} busy={isBusy} onClick={save} />;
}

function Earlier() {
  const t = useTexts("explore");
  const earlier = useExploring((state) => state.earlier);
  if (earlier.length === 0) return null;
  return (
    <Menu
      align="end"
      items={earlier.map((run) => ({
        label: `${run.lines.map(({ name }) => name).join(" × ")} · ${run.base.name.slice(0, 24)}`,
        onSelect: () => comeBackTo(run),
      }))}
    >
      <button type="button" className={styles.menu} aria-label={t("earlier")} title={t("earlier")}>
        <History size={17} aria-hidden />
      </button>
    </Menu>
  );
}
