import { useQuery } from "@tanstack/react-query";
import { Layers } from "lucide-react";
import { useState } from "react";
import { modelsQuery } from "@/api/queries";
import { useExperiment } from "@/live/useExperiment";
import { recipeQuery } from "@/pictures/recipe";
import { useLanguage, useTexts } from "@/texts/texts";
import { Button, Choice, NumberField } from "@/ui";
import { Busy } from "./Busy";
import bars from "./bars.module.css";
import { isMeasured, type LoraTold, touchedParts } from "./blocks";
import { Findings, Names } from "./Findings";
import { lorasBehind, reported, type UsedLora, withStrength } from "./loras";
import { About, Part } from "./Panel";
import { asShare } from "./shares";
import type { Made } from "./TrayView";
import { Trial } from "./Trial";
import styles from "./tray.module.css";

/** What a LoRA changes of the checkpoint behind the picture, and the picture at another strength. */
export function Touched({ made }: { made: Made }) {
  const t = useTexts("tray");
  const recipe = useQuery(recipeQuery(made.asset.id)).data;
  const files = useQuery(modelsQuery("loras")).data;
  const [chosen, setChosen] = useState("");
  const running = useExperiment<LoraTold, null>(t("touched"));
  const { outcome, isBusy, begin } = running;
  const sampler = made.sampling.node;
  const used = recipe?.workflow ? lorasBehind(recipe.workflow, sampler) : [];
  const names = [...new Set([...used.map(({ name }) => name), ...(files ?? []).map(({ name }) => name)])];
  const name = names.find((each) => each === chosen) ?? names[0] ?? "";
  const here = used.find((each) => each.name === name);
  if (!recipe || !files) return null;
  return (
    <Part title={t("touched")}>
      <About concepts={["lora"]}>{t("touched about")}</About>
      {name ? (
        <>
          <div className={bars.head}>
            <div className={bars.choice}>
              <Choice label={t("which lora")} value={name} options={names} onChange={setChosen} />
            </div>
            <Button
              icon={Layers}
              busy={isBusy}
              onClick={() => begin(reported(recipe.workflow, sampler, name), null)}
            >
              {t("show touched")}
            </Button>
          </div>
          <p className={styles.quiet}>
            {here ? t("lora used", { strength: here.strength }) : t("lora unused")}
          </p>
        </>
      ) : (
        <p className={styles.quiet}>{t("no lora")}</p>
      )}
      <Busy {...running} />
      {outcome?.told && <Report told={outcome.told} />}
      {here && <Strength key={name} made={made} lora={here} />}
    </Part>
  );
}

function Report({ told }: { told: LoraTold }) {
  const t = useTexts("tray");
  const { language } = useLanguage();
  const isShare = isMeasured(told);
  const text = (value: number) =>
    isShare
      ? asShare(value, language)
      : Number.isFinite(value)
        ? value.toLocaleString(language, { maximumSignificantDigits: 3 })
        : "?";
  const ranks = [...new Set(told.ranks.filter((rank) => rank > 0))].sort((one, other) => one - other);
  return (
    <>
      <p role="status">
        {t("touched told", { name: told.title, n: told.names.length })}{" "}
        {ranks.length > 0 && t("ranks", { ranks: ranks.join(", ") })}
      </p>
      {!isShare && told.names.length > 0 && <p className={styles.quiet}>{t("lengths only")}</p>}
      <Findings
        partsIn={(order) => touchedParts(told, order)}
        textOf={text}
        told={({ value, layers }) =>
          t(isShare ? "part touched" : "part lengths", { n: layers, share: text(value) })
        }
      />
      <Names title={t("unfit", { n: told.unfit.length })} names={told.unfit} />
    </>
  );
}

function Strength({ made, lora }: { made: Made; lora: UsedLora }) {
  const t = useTexts("tray");
  const [strength, setStrength] = useState(lora.strength === 0 ? 1 : 0);
  return (
    <>
      <h3>{t("try it")}</h3>
      <p>{t("try lora", { name: lora.name, strength: lora.strength })}</p>
      <div className={styles.narrowField}>
        <NumberField
          label={t("other strength")}
          value={strength}
          min={-2}
          max={2}
          step={0.05}
          slider
          onChange={setStrength}
        />
      </div>
      <Trial {...made} change={withStrength(lora.name, strength)} caption={t("at strength", { strength })} />
    </>
  );
}
