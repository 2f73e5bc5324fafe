import { useQuery } from "@tanstack/react-query";
import { Columns2 } from "lucide-react";
import { useState } from "react";
import { modelsQuery } from "@/api/queries";
import type { Running } from "@/live/useExperiment";
import { useLanguage, useTexts } from "@/texts/texts";
import { Button, Choice } from "@/ui";
import { Busy } from "./Busy";
import bars from "./bars.module.css";
import { type ComparisonTold, comparedParts } from "./blocks";
import { Findings, Names } from "./Findings";
import { Part } from "./Panel";
import { asShare } from "./shares";
import type { Made } from "./TrayView";
import { Trial } from "./Trial";
import styles from "./tray.module.css";

/** Another checkpoint beside the one behind the picture: what differs, and the picture that it makes. */
export function Compared({
  name,
  made,
  running,
}: {
  name: string;
  made: Made | null;
  running: Running<ComparisonTold, null>;
}) {
  const t = useTexts("tray");
  const models = useQuery(modelsQuery("checkpoints")).data;
  const others = (models ?? []).map((model) => model.name).filter((each) => each !== name);
  const [chosen, setChosen] = useState("");
  const other = others.find((each) => each === chosen) ?? others[0] ?? "";
  if (!models) return null;
  if (!other)
    return (
      <Part title={t("two compared")}>
        <p className={styles.quiet}>{t("no other checkpoint")}</p>
      </Part>
    );
  const { outcome, isBusy, begin } = running;
  const work = {
    target: "compare",
    slow: ["compare"],
    workflow: {
      compare: { class_type: "CheckpointCompare", inputs: { ckpt_name1: name, ckpt_name2: other } },
    },
  };
  return (
    <>
      <Part title={t("two compared")}>
        <p>{t("two compared about")}</p>
        <div className={bars.head}>
          <div className={bars.choice}>
            <Choice label={t("other checkpoint")} value={other} options={others} onChange={setChosen} />
          </div>
          <Button icon={Columns2} busy={isBusy} onClick={() => begin(work, null)}>
            {t("compare them")}
          </Button>
        </div>
        <Busy {...running} />
        {outcome?.told && <Differences told={outcome.told} />}
      </Part>
      {made && (
        <Part title={t("try it")}>
          <p>{t("try checkpoint", { name: other })}</p>
          <Trial {...made} change={{ input: "ckpt_name", value: other }} caption={other} />
        </Part>
      )}
    </>
  );
}

function Differences({ told }: { told: ComparisonTold }) {
  const t = useTexts("tray");
  const { language } = useLanguage();
  const share = (value: number) => asShare(value, language);
  const [first, second] = told.files;
  return (
    <>
      <p role="status">{t("compared told", { first, second })}</p>
      <Findings
        partsIn={(order) => comparedParts(told, order)}
        textOf={share}
        told={({ value, layers, same, unlike }) =>
          [
            same === layers
              ? t("part same", { n: layers })
              : t("part differs", { share: share(value), same, n: layers }),
            unlike > 0 ? t("part unlike", { n: unlike }) : "",
          ].join(" ")
        }
      />
      <Names title={t("only in", { n: told.missing.length, name: first })} names={told.missing} />
      <Names title={t("only in", { n: told.extra.length, name: second })} names={told.extra} />
      <Names title={t("other sizes", { n: told.unlike.length })} names={told.unlike} />
    </>
  );
}
