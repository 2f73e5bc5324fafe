import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTexts } from "@/texts/texts";
import { Select } from "@/ui";
import { ClipMap } from "./ClipMap";
import { LatentMap } from "./LatentMap";
import type { MapProps } from "./MapParts";
import styles from "./map.module.css";
import { type MapMethod, mapQuery } from "./requests";

const MEASURES = { clip: ClipMap, latents: LatentMap } as const;
type Measure = keyof typeof MEASURES;

/** The pictures of a filter on a plane: those that are alike lie close together, in what they show or as latents. */
export function MapView(props: Omit<MapProps, "method" | "onMethod">) {
  const t = useTexts("gallery");
  const { filter } = props;
  const [wish, setWish] = useState<Measure>("clip");
  const [method, setMethod] = useState<MapMethod>("pca");
  const isBin = filter.source === "bin"; // an engine finds nothing there
  const measure = isBin ? "clip" : wish;
  const methods = useQuery({ ...mapQuery(filter, method), enabled: measure === "clip" }).data?.methods ?? [
    "pca",
  ];
  const Drawn = MEASURES[measure];
  return (
    <>
      {(!isBin || methods.length > 1) && (
        <div className={styles.choices}>
          {!isBin && (
            <Select
              label={t("map by")}
              value={measure}
              options={(["clip", "latents"] as const).map((value) => ({
                value,
                label: t(`map by ${value}`),
              }))}
              onChange={(next) => setWish(next === "latents" ? "latents" : "clip")}
            />
          )}
          {methods.length > 1 && (
            <Select
              label={t("map method")}
              value={method}
              options={methods.map((value) => ({ value, label: t(`map ${value}`) }))}
              onChange={(next) => setMethod(methods.find((each) => each === next) ?? "pca")}
            />
          )}
        </div>
      )}
      <Drawn {...props} method={method} onMethod={setMethod} />
    </>
  );
}
