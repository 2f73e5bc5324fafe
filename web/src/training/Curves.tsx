import { useMemo, useState } from "react";
import { useLanguage, useTexts } from "@/texts/texts";
import { Plot } from "@/tray/Plot";
import { Switch } from "@/ui";
import { bandsOf, type Course, lossPoints } from "./course";
import { Part } from "./Part";

/** The loss, and the error by noise level, as training goes on. */
export function Curves({ course }: { course: Course }) {
  const t = useTexts("training");
  const { language } = useLanguage();
  const [isLog, setLog] = useState(false);
  const { losses, means } = useMemo(() => lossPoints(course), [course]);
  const bands = useMemo(() => bandsOf(course), [course]);
  const share = (value: number) => value.toLocaleString(language, { style: "percent" });
  return (
    <>
      <Part title={t("loss")} about={t("loss about")}>
        <Switch label={t("logarithmic")} checked={isLog} onChange={setLog} />
        <Plot
          title={t("loss")}
          x={t("steps")}
          y={t("loss")}
          isLog={isLog}
          lines={[
            { name: t("running mean"), points: means, isPlain: true },
            { name: t("each step"), points: losses, isDots: true },
          ]}
        />
      </Part>
      {bands.length > 0 && (
        <Part title={t("by level")} about={t("by level about")}>
          <Plot
            title={t("by level")}
            x={t("steps")}
            y={t("error")}
            isLog
            lines={bands.map(({ from, to, points }) => ({
              name: t("noise of", { from: share(from), to: share(to) }),
              points,
            }))}
          />
        </Part>
      )}
    </>
  );
}
