import { useQuery } from "@tanstack/react-query";
import { modelsQuery } from "@/api/queries";
import { useTexts } from "@/texts/texts";
import { Select } from "@/ui";
import { LARGE, REFINE } from "./form";
import { SuitedNumber } from "./Suited";
import type { Area } from "./sizes";
import { edit, useStudio } from "./store";

const FACTORS = ["1", "1.5", "2", "3", "4"];

/** A second pass that makes every picture larger. */
export function Enlarge({ native }: { native: Area }) {
  const t = useTexts("create");
  const enlarge = useStudio(({ form }) => form.enlarge);
  const { data: models = [] } = useQuery(modelsQuery("upscale_models"));
  const by = enlarge ? String(enlarge.by) : "1";
  return (
    <>
      <Select
        label={t("enlarge by")}
        hint={t("enlarge about")}
        value={by}
        options={(FACTORS.includes(by) ? FACTORS : [...FACTORS, by]).map((value) => ({
          value,
          label: value === "1" ? t("not enlarged") : `× ${value}`,
        }))}
        onChange={(value) =>
          edit({
            enlarge: value === "1" ? null : { denoise: null, model: null, ...enlarge, by: Number(value) },
          })
        }
      />
      {enlarge && (
        <>
          <SuitedNumber
            label={t("enlarge denoise")}
            hint={t("enlarge denoise about")}
            value={enlarge.denoise}
            usual={Math.min(native.width, native.height) >= LARGE ? REFINE : 0}
            min={0}
            max={1}
            step={0.05}
            slider={[0, 1]}
            onChange={(denoise) => edit({ enlarge: { ...enlarge, denoise } })}
          />
          <Select
            label={t("enlarge model")}
            value={enlarge.model ?? ""}
            options={[{ value: "", label: t("no enlarge model") }, ...models.map(({ name }) => name)]}
            hint={models.length ? undefined : t("where upscalers")}
            onChange={(model) => edit({ enlarge: { ...enlarge, model: model || null } })}
          />
        </>
      )}
    </>
  );
}
