import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { type Asset, failure } from "@/api/client";
import { assetQuery } from "@/pictures/requests";
import { useTexts } from "@/texts/texts";
import { Head, isTyping, Notice, Select, Spinner, Tabs, Trouble } from "@/ui";
import { Checkpoint } from "./Checkpoint";
import { Forward } from "./Forward";
import { Latent } from "./Latent";
import { Plan } from "./Plan";
import { RecordIt } from "./RecordIt";
import type { Recording } from "./recording";
import { recordingQuery, type Sampling, samplingsQuery } from "./requests";
import { Steps } from "./Steps";
import styles from "./tray.module.css";
import { useParts } from "./useParts";
import { Words } from "./Words";

const TABS = ["words", "steps", "plan", "forward", "channels", "checkpoint"] as const;
type Tab = (typeof TABS)[number];
/** Panels of what a sampler did, which is known once it is recorded. */
const RECORDED: Partial<Record<Tab, (developed: Developed) => ReactNode>> = {
  words: Words,
  steps: Steps,
  plan: Plan,
};
const KEPT = "safelight.tray.tab";

/** What every panel is given: a picture, the sampler behind it, and its recorded run. */
export interface Developed {
  asset: Asset;
  sampling: Sampling;
  recording: Recording;
  /** Which picture of the recorded batch it is. */
  picture: number;
}

/** A picture, and the sampler behind it. */
export type Made = Pick<Developed, "asset" | "sampling" | "picture">;

/** How a picture came about: its words, its steps, and the plan behind them. */
export default function TrayView({ id, sampler }: { id: string; sampler: string }) {
  const t = useTexts("tray");
  const asset = useQuery(assetQuery(id));
  useEffect(() => {
    document.title = `${t("title")} · Safelight`;
  }, [t]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !isTyping(event.target ?? document)) leave(id);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [id]);
  return (
    <section className={styles.tray} aria-label={t("title")}>
      <Head
        title={t("title")}
        about={asset.data && (asset.data.prompt || asset.data.path)}
        onBack={() => leave(id)}
      />
      {asset.error ? (
        <Trouble failure={failure(asset.error)} />
      ) : asset.data ? (
        <Samplings asset={asset.data} first={sampler} />
      ) : (
        <Wait />
      )}
    </section>
  );
}

/** Back to where the tray was opened from; to the picture, where the tray was opened by its address. */
function leave(id: string): void {
  if (history.length > 1) history.back();
  else location.hash = `#/gallery/show=${id}`;
}

function Wait() {
  const t = useTexts("tray");
  return (
    <div className={styles.wait}>
      <Spinner label={t("loading")} />
    </div>
  );
}

function Samplings({ asset, first }: { asset: Asset; first: string }) {
  const t = useTexts("tray");
  const found = useQuery(samplingsQuery(asset.id));
  const [chosen, setChosen] = useState(first);
  if (found.error) return <Trouble failure={failure(found.error)} />;
  if (!found.data) return <Wait />;
  const { samplings, picture } = found.data;
  const sampling =
    samplings.find(({ node }) => node === chosen) ?? samplings.find((each) => each.recorded) ?? samplings[0];
  return (
    <>
      {samplings.length > 1 && (
        <div className={styles.samplers}>
          <Select
            label={t("sampler")}
            value={sampling?.node ?? ""}
            options={samplings.map(({ node, class_type }, at) => ({
              value: node,
              label: t("sampler of", { name: class_type, n: samplings.length - at, total: samplings.length }),
            }))}
            onChange={setChosen}
          />
        </div>
      )}
      {!sampling && (
        <div className={styles.samplers}>
          <Notice>
            <p>{t("no sampler")}</p>
            <p className={styles.quiet}>{t("no sampler about")}</p>
          </Notice>
        </div>
      )}
      <Panels key={sampling?.node ?? ""} asset={asset} sampling={sampling ?? null} picture={picture} />
    </>
  );
}

function Panels({ asset, sampling, picture }: { asset: Asset; sampling: Sampling | null; picture: number }) {
  const t = useTexts("tray");
  const run = useQuery({
    ...recordingQuery(asset.id, sampling?.node ?? ""),
    enabled: sampling?.recorded === true,
  });
  const means = useParts(asset, sampling, picture);
  const tabs = TABS.filter((name) =>
    name === "checkpoint" ? sampling || asset.checkpoint : sampling || !(name in RECORDED),
  );
  const [tab, setTab] = useState<Tab | null>(
    () => TABS.find((name) => name === localStorage.getItem(KEPT)) ?? null,
  );
  const shown = tabs.find((name) => name === tab) ?? tabs[0];
  const opened = useRef(new Set<Tab>()); // what was made in a panel stays while one looks at another
  if (shown) opened.current.add(shown);
  if (run.error) return <Trouble failure={failure(run.error)} />;
  if (run.isLoading || !means || !shown) return <Wait />;
  const isOfBatch = run.data !== undefined && picture < run.data.pictures;
  const developed =
    sampling && run.data && isOfBatch ? { asset, sampling, recording: run.data, picture } : null;
  const Recorded = RECORDED[shown];
  return (
    <div className={styles.tabbed}>
      <Tabs
        label={t("title")}
        tabs={tabs.map((value) => ({ value, label: t(value) }))}
        value={shown}
        onChange={(next) => {
          localStorage.setItem(KEPT, next);
          setTab(next);
        }}
      >
        {Recorded &&
          (developed ? (
            <Recorded {...developed} />
          ) : run.data ? (
            <div className={styles.alone}>
              <Notice>
                <p>{t("not of batch", { n: run.data.pictures, place: picture + 1 })}</p>
              </Notice>
            </div>
          ) : (
            <RecordIt asset={asset.id} />
          ))}
        {opened.current.has("forward") && (
          <div hidden={shown !== "forward"}>
            <Forward {...means} />
          </div>
        )}
        {opened.current.has("channels") && (
          <div hidden={shown !== "channels"}>
            <Latent developed={developed} means={means} />
          </div>
        )}
        {shown === "checkpoint" && <Checkpoint asset={asset} sampling={sampling} picture={picture} />}
      </Tabs>
    </div>
  );
}
