import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Model } from "@/api/client";
import { modelsQuery, nodesQuery } from "@/api/queries";
import { useTexts } from "@/texts/texts";
import { Select } from "@/ui";
import { choicesOf } from "./catalog";
import { SuitedChoice, SuitedNumber } from "./Suited";
import { edit, useStudio } from "./store";

/** How the picture is worked out, step by step. */
export function Sampling({ model }: { model: Model | undefined }) {
  const t = useTexts("create");
  const form = useStudio((studio) => studio.form);
  const { data } = useQuery(nodesQuery);
  const { data: vaes = [] } = useQuery(modelsQuery("vae"));
  const samplers = useMemo(() => choicesOf(data?.nodes, "KSampler", "sampler_name"), [data]);
  const schedulers = useMemo(() => choicesOf(data?.nodes, "KSampler", "scheduler"), [data]);
  const best = model?.recommended;
  return (
    <>
      <SuitedNumber
        label={t("steps")}
        hint={t("steps about")}
        value={form.steps}
        usual={best?.steps ?? 20}
        min={1}
        max={10_000}
        slider={[1, 60]}
        onChange={(steps) => edit({ steps: steps === null ? null : Math.round(steps) })}
      />
      <SuitedNumber
        label={t("cfg")}
        hint={t("cfg about")}
        value={form.cfg}
        usual={best?.cfg ?? 7}
        min={0}
        max={100}
        step={0.1}
        slider={[0, 20]}
        onChange={(cfg) => edit({ cfg })}
      />
      <SuitedChoice
        label={t("sampler")}
        value={form.sampler}
        usual={best?.sampler ?? ""}
        options={samplers}
        onChange={(sampler) => edit({ sampler })}
      />
      <SuitedChoice
        label={t("scheduler")}
        value={form.scheduler}
        usual={best?.scheduler ?? ""}
        options={schedulers}
        onChange={(scheduler) => edit({ scheduler })}
      />
      <SuitedNumber
        label={t("clip skip")}
        hint={t("clip skip about")}
        value={form.clipSkip}
        usual={1}
        min={1}
        max={24}
        onChange={(clipSkip) => edit({ clipSkip: clipSkip === null ? null : Math.round(clipSkip) })}
      />
      <Select
        label={t("vae")}
        value={form.vae ?? ""}
        options={[{ value: "", label: t("own vae") }, ...vaes.map(({ name }) => name)]}
        onChange={(vae) => edit({ vae: vae || null })}
      />
      <Select
        label={t("syntax")}
        hint={t("syntax about")}
        value={form.syntax}
        options={[
          { value: "comfyui", label: "ComfyUI" },
          { value: "a1111", label: "AUTOMATIC1111" },
        ]}
        onChange={(syntax) => edit({ syntax: syntax === "a1111" ? "a1111" : "comfyui" })}
      />
    </>
  );
}
