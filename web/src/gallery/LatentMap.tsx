import { useQuery } from "@tanstack/react-query";
import { useEffect, useId, useMemo, useRef } from "react";
import { type Asset, failure } from "@/api/client";
import { modelsQuery } from "@/api/queries";
import { meant } from "@/create/checkpoints";
import { useExperiment } from "@/live/useExperiment";
import { useTexts } from "@/texts/texts";
import { Button, Progress, Spinner, Trouble } from "@/ui";
import { isByLikeness } from "./filter";
import { type LaidOut, latentMap, MOST_LATENTS, placedBy, SIDE } from "./latents";
import { About, Directions, FEWEST, type MapProps, ToGrid, TooFew } from "./MapParts";
import styles from "./map.module.css";
import { Plane } from "./Plane";
import { firstQuery } from "./requests";

/** Pictures laid out by their latents, which an engine makes of them. */
export function LatentMap({ filter, method, onMethod, onGrid, ...wandered }: MapProps) {
  const t = useTexts("gallery");
  const about = useId();
  const found = useQuery(firstQuery(filter, MOST_LATENTS));
  const models = useQuery(modelsQuery("checkpoints")).data;
  const { outcome, isBusy, hasBegun, share, error, begin, cancel } = useExperiment<LaidOut, readonly Asset[]>(
    t("map by latents"),
  );
  const checkpoint = models && meant("", models).name;
  const wanted = found.data?.assets;
  const draw = () => wanted && checkpoint && begin(latentMap(wanted, checkpoint, method), wanted);
  const latest = useRef(draw);
  latest.current = draw;
  // another filter is drawn at once; what is made meanwhile waits until somebody asks for it
  const what =
    wanted && wanted.length >= FEWEST && checkpoint ? JSON.stringify([filter, method, checkpoint]) : "";
  useEffect(() => {
    if (what) void latest.current();
  }, [what]);
  const pictures = useMemo(() => (outcome?.told ? placedBy(outcome.asked, outcome.told) : []), [outcome]);
  const again = (
    <Button look="quiet" onClick={draw}>
      {t("map again")}
    </Button>
  );
  if (found.error) return <Trouble failure={failure(found.error)} actions={<ToGrid onGrid={onGrid} />} />;
  if (wanted && wanted.length < FEWEST) return <TooFew onGrid={onGrid}>{t("map empty about")}</TooFew>;
  if (error && !isBusy)
    return (
      <Trouble
        failure={failure(error)}
        actions={
          <>
            {again}
            {method !== "pca" && <Button onClick={() => onMethod("pca")}>{t("map pca")}</Button>}
          </>
        }
      />
    );
  const isOld =
    outcome && wanted && `${outcome.asked.map(({ id }) => id)}` !== `${wanted.map(({ id }) => id)}`;
  const under = (
    <div className={styles.under} role="status">
      {isBusy ? (
        <>
          <span>{t("map encoding", { n: wanted?.length ?? 0 })}</span>
          <Progress label={t("map by latents")} value={share} />
          <Button look="quiet" onClick={cancel}>
            {t("map cancel")}
          </Button>
        </>
      ) : isOld ? (
        <>
          <span>{t("map old")}</span>
          {again}
        </>
      ) : (
        !outcome && hasBegun && again
      )}
    </div>
  );
  const isCut = (found.data?.total ?? 0) > MOST_LATENTS;
  return (
    <>
      <About id={about} first={t("map latents about", { side: SIDE, name: checkpoint ?? "…" })}>
        {isCut && `${t(isByLikeness(filter) ? "map likest" : "map newest", { n: MOST_LATENTS })} `}
        {outcome?.told && <Directions shares={outcome.told.explained} />}
      </About>
      {under}
      {pictures.length > 0 ? (
        <Plane key={outcome?.id} {...wandered} pictures={pictures} describedBy={about} />
      ) : (
        <div className={styles.wait}>{!wanted && <Spinner label={t("loading")} />}</div>
      )}
    </>
  );
}
