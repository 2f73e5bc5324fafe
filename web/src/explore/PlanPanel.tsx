import { useQuery } from "@tanstack/react-query";
import { ArrowLeftRight, Grid3x3, Plus } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { failure, wordsOf } from "@/api/client";
import { durationText } from "@/texts/measures";
import { useLanguage, useTexts } from "@/texts/texts";
import { attempt, Button, IconButton, Notice } from "@/ui";
import { AxisEditor } from "./AxisEditor";
import { make } from "./actions";
import { newAxis } from "./axes";
import { BaseCard } from "./BaseCard";
import shared from "./explore.module.css";
import { PresetRow } from "./PresetRow";
import styles from "./plan.module.css";
import { checkRuns } from "./requests";
import { setAxes, useExploring } from "./store";
import { type Plan, samplesOf } from "./useGrid";

const DIRECTIONS = ["columns", "rows", "pages"] as const;
const ADDING = ["add columns", "add rows", "add pages"] as const;

/** What the grid starts from, and what it varies. */
export function PlanPanel({ plan, isReading }: { plan: Plan; isReading: boolean }) {
  const t = useTexts("explore");
  const { base, axes } = useExploring();
  const next = ADDING[axes.length];
  function add() {
    const free = plan.settings.find(({ key }) => !axes.some(({ setting }) => setting === key));
    if (free) setAxes([...axes, newAxis(free, plan.files)]);
  }
  return (
    <aside className={styles.plan} aria-label={t("title")}>
      <div className={styles.planBody}>
        <header>
          <h1>{t("title")}</h1>
          <p className={shared.about}>{t("explore about")}</p>
        </header>
        <BaseCard plan={plan} isReading={isReading} />
        {base && plan.settings.length > 0 && (
          <>
            <PresetRow plan={plan} />
            <section className={styles.axes} aria-label={t("vary")}>
              {plan.planned.map((planned, place) => (
                <AxisEditor
                  key={place}
                  planned={planned}
                  plan={plan}
                  direction={DIRECTIONS[place] ?? "pages"}
                  onChange={(axis) => setAxes(axes.with(place, axis))}
                  onRemove={() => setAxes(axes.filter((_, other) => other !== place))}
                />
              ))}
              <div className={shared.row}>
                {next && (
                  <Button icon={Plus} onClick={add}>
                    {t(next)}
                  </Button>
                )}
                {axes[0] && axes[1] && (
                  <IconButton
                    icon={ArrowLeftRight}
                    label={t("swap")}
                    onClick={() => axes[0] && axes[1] && setAxes([axes[1], axes[0], ...axes.slice(2)])}
                  />
                )}
              </div>
            </section>
          </>
        )}
      </div>
      {base && axes.length > 0 && <Asking plan={plan} />}
    </aside>
  );
}

/** How much it is, and the button that begins it. */
function Asking({ plan }: { plan: Plan }) {
  const t = useTexts("explore");
  const { language } = useLanguage();
  const base = useExploring((state) => state.base);
  const [isBusy, setBusy] = useState(false);
  const settled = useSettled(plan);
  const samples = useMemo(() => (base ? samplesOf(base, settled) : []), [base, settled]);
  const check = useQuery({
    queryKey: ["explore", "check", samples],
    queryFn: () => checkRuns(samples),
    enabled: samples.length > 0,
    staleTime: 60_000,
    retry: false,
  });
  const [problem] = check.data?.problems ?? [];
  const isReady = base !== null && plan.cells.length > 0 && !problem;
  const seconds = check.data?.seconds;
  async function begin() {
    if (!base || isBusy || plan.cells.length === 0) return;
    setBusy(true);
    const title = plan.lines.map(({ name }) => name).join(" × ");
    await attempt(() => make(base, plan, title));
    setBusy(false);
  }
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        if (isReady) void begin();
      }
    }
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  });
  return (
    <div className={styles.asking}>
      {problem && (
        <Notice kind="bad">
          <p>{t("cannot run")}</p>
          <p className={shared.small}>{wordsOf(problem)}</p>
        </Notice>
      )}
      {check.error && <p className={shared.wrong}>{failure(check.error).what}</p>}
      {plan.obstacle ? (
        <p className={shared.wrong} role="status">
          {t(plan.obstacle)}
        </p>
      ) : (
        <p className={shared.about} role="status">
          {t("pictures count", { n: plan.count })}
          {" · "}
          {typeof seconds === "number"
            ? t("about time", { time: durationText(seconds * plan.count, language) })
            : t("time unknown")}
        </p>
      )}
      <Button look="primary" large icon={Grid3x3} busy={isBusy} disabled={!isReady} onClick={begin}>
        {t("make grid")}
      </Button>
    </div>
  );
}

/** The plan as it was when nobody had changed it for a moment: the server is not asked at each letter. */
function useSettled(plan: Plan): Plan {
  const [settled, setSettled] = useState(plan);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(plan), 400);
    return () => clearTimeout(timer);
  }, [plan]);
  return settled;
}
