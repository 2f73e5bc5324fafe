import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import type { Model } from "@/api/client";
import { modelsQuery } from "@/api/queries";
import { said } from "@/texts/said";
import { useTexts } from "@/texts/texts";
import { Choice, IconButton, NumberField, type Option, Switch } from "@/ui";
import type { LoraUse } from "./form";
import styles from "./settings.module.css";
import { edit, useStudio } from "./store";

/** Add a LoRA to the form, unless it is there. */
export function addLora(name: string): void {
  const { loras } = useStudio.getState().form;
  if (!loras.some((lora) => lora.name === name)) edit({ loras: [...loras, { name, strength: 1, on: true }] });
}

/** Whether a file goes with a checkpoint; where either is not known, it may. */
export function fits(file: Model, checkpoint: Model | undefined): boolean {
  if (!checkpoint?.families.length || !file.families.length) return true;
  return file.families.some((family) => checkpoint.families.includes(family));
}

/** Small changes of the model, each with its strength. */
export function Loras({ model }: { model: Model | undefined }) {
  const t = useTexts("create");
  const loras = useStudio(({ form }) => form.loras);
  const { data: files, isSuccess } = useQuery(modelsQuery("loras"));
  const change = (at: number, part: Partial<LoraUse>) =>
    edit({ loras: loras.map((lora, place) => (place === at ? { ...lora, ...part } : lora)) });
  const offered: Option[] = [...(files ?? [])]
    .filter(({ name }) => !loras.some((lora) => lora.name === name))
    .sort((a, b) => Number(fits(b, model)) - Number(fits(a, model)))
    .map((file) => ({
      value: file.name,
      about: fits(file, model)
        ? said().text(file.about)
        : t("does not fit", { about: said().text(file.about) }),
      picture: file.preview,
    }));
  if (isSuccess && files.length === 0 && loras.length === 0)
    return <p className={styles.hint}>{t("where loras")}</p>;
  return (
    <>
      {loras.map((lora, at) => {
        const file = files?.find(({ name }) => name === lora.name);
        return (
          <div key={lora.name} className={styles.card}>
            <div className={styles.cardHead}>
              <Switch label={lora.name} checked={lora.on} onChange={(on) => change(at, { on })} />
              <IconButton
                icon={X}
                label={t("take away", { label: lora.name })}
                onClick={() => edit({ loras: loras.filter((_, place) => place !== at) })}
              />
            </div>
            {isSuccess && !file && <p className={styles.wrong}>{t("lora missing")}</p>}
            {file && !fits(file, model) && (
              <p className={styles.wrong}>{t("does not fit", { about: said().text(file.about) })}</p>
            )}
            <NumberField
              label={t("strength of", { name: lora.name })}
              bare
              value={lora.strength}
              min={-10}
              max={10}
              step={0.05}
              slider={[-2, 2]}
              disabled={!lora.on}
              onChange={(strength) => change(at, { strength })}
            />
          </div>
        );
      })}
      <Choice
        label={t("add lora")}
        bare
        placeholder={t("add lora")}
        value=""
        options={offered}
        onChange={addLora}
      />
    </>
  );
}
