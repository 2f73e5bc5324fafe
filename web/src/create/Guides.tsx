import { useQuery } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import { useMemo } from "react";
import type { Model } from "@/api/client";
import { modelsQuery, nodesQuery } from "@/api/queries";
import { said } from "@/texts/said";
import { useTexts } from "@/texts/texts";
import { Button, Choice, IconButton, NumberField, type Option, Select } from "@/ui";
import { choicesOf } from "./catalog";
import type { Guide, Reference } from "./form";
import { fits } from "./Loras";
import { PictureField } from "./PictureField";
import styles from "./settings.module.css";
import { edit, useStudio } from "./store";

const BLANK_GUIDE: Guide = { model: "", picture: null, strength: 1, start: 0, end: 1, preprocess: null };
const BLANK_REFERENCE: Reference = { picture: null, weight: 1, model: null };
const NONE: readonly Model[] = [];

/** Pictures that give the new one its outlines, depth or pose: ControlNet. */
export function Guides({ model }: { model: Model | undefined }) {
  const t = useTexts("create");
  const guides = useStudio(({ form }) => form.guides);
  const { data: files = NONE, isSuccess } = useQuery(modelsQuery("controlnet"));
  const { data: nodes } = useQuery(nodesQuery);
  const kinds = useMemo(
    () => ["canny", ...choicesOf(nodes?.nodes, "ControlNetPreprocessor", "kind")],
    [nodes],
  );
  const options: Option[] = [...files]
    .sort((a, b) => Number(fits(b, model)) - Number(fits(a, model)))
    .map((file) => ({
      value: file.name,
      about: fits(file, model)
        ? said().text(file.about)
        : t("does not fit", { about: said().text(file.about) }),
    }));
  const first = files.find((file) => fits(file, model)) ?? files[0];
  const change = (at: number, part: Partial<Guide>) =>
    edit({ guides: guides.map((guide, place) => (place === at ? { ...guide, ...part } : guide)) });
  if (isSuccess && files.length === 0 && guides.length === 0)
    return <p className={styles.hint}>{t("where controlnets")}</p>;
  return (
    <>
      {guides.map((guide, at) => (
        <div key={at} className={styles.card}>
          <div className={styles.cardHead}>
            <h3>{t("guide", { n: at + 1 })}</h3>
            <IconButton
              icon={X}
              label={t("take away", { label: t("guide", { n: at + 1 }) })}
              onClick={() => edit({ guides: guides.filter((_, place) => place !== at) })}
            />
          </div>
          <PictureField
            label={t("guide picture")}
            picture={guide.picture}
            onChange={(picture) => change(at, { picture })}
          />
          <Choice
            label={t("guide model")}
            value={guide.model}
            options={options}
            onChange={(name) => change(at, { model: name })}
            wrong={guide.model === "" ? t("guide model needed") : undefined}
          />
          <Select
            label={t("preprocess")}
            hint={t("preprocess about")}
            value={guide.preprocess ?? ""}
            options={[{ value: "", label: t("no preprocess") }, ...kinds]}
            onChange={(kind) => change(at, { preprocess: kind || null })}
          />
          <NumberField
            label={t("strength")}
            value={guide.strength}
            min={0}
            max={10}
            step={0.05}
            slider={[0, 2]}
            onChange={(strength) => change(at, { strength })}
          />
          <div className={styles.pair}>
            <NumberField
              label={t("from share")}
              value={guide.start}
              min={0}
              max={guide.end}
              step={0.05}
              onChange={(start) => change(at, { start })}
            />
            <NumberField
              label={t("to share")}
              value={guide.end}
              min={guide.start}
              max={1}
              step={0.05}
              onChange={(end) => change(at, { end })}
            />
          </div>
        </div>
      ))}
      <Button
        icon={Plus}
        onClick={() => edit({ guides: [...guides, { ...BLANK_GUIDE, model: first?.name ?? "" }] })}
      >
        {t("add guide")}
      </Button>
    </>
  );
}

/** Pictures whose content or style the new one takes up, beside the words. */
export function References({ model }: { model: Model | undefined }) {
  const t = useTexts("create");
  const references = useStudio(({ form }) => form.references);
  const { data: adapters = NONE, isSuccess } = useQuery(modelsQuery("ipadapter"));
  const change = (at: number, part: Partial<Reference>) =>
    edit({ references: references.map((one, place) => (place === at ? { ...one, ...part } : one)) });
  if (isSuccess && adapters.length === 0 && references.length === 0)
    return <p className={styles.hint}>{t("where adapters")}</p>;
  return (
    <>
      {references.map((reference, at) => (
        <div key={at} className={styles.card}>
          <div className={styles.cardHead}>
            <h3>{t("reference", { n: at + 1 })}</h3>
            <IconButton
              icon={X}
              label={t("take away", { label: t("reference", { n: at + 1 }) })}
              onClick={() => edit({ references: references.filter((_, place) => place !== at) })}
            />
          </div>
          <PictureField
            label={t("reference picture")}
            picture={reference.picture}
            onChange={(picture) => change(at, { picture })}
          />
          <NumberField
            label={t("weight")}
            value={reference.weight}
            min={-1}
            max={3}
            step={0.05}
            slider={[0, 1.5]}
            onChange={(weight) => change(at, { weight })}
          />
          <Select
            label={t("adapter")}
            value={reference.model ?? ""}
            options={[
              { value: "", label: t("fitting adapter") },
              ...adapters.filter((file) => fits(file, model)).map(({ name }) => name),
            ]}
            onChange={(name) => change(at, { model: name || null })}
          />
        </div>
      ))}
      <Button icon={Plus} onClick={() => edit({ references: [...references, BLANK_REFERENCE] })}>
        {t("add reference")}
      </Button>
    </>
  );
}
