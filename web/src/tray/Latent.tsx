import { useTexts } from "@/texts/texts";
import { Between } from "./Between";
import { Channels } from "./Channels";
import { About, Panel, Part } from "./Panel";
import { ThereAndBack } from "./ThereAndBack";
import type { Developed } from "./TrayView";
import styles from "./tray.module.css";
import type { Means } from "./useParts";

/** The space that the model works in: what of a run lies in it, the way into it and back, and the ways through it. */
export function Latent({ developed, means }: { developed: Developed | null; means: Means }) {
  const t = useTexts("tray");
  return (
    <Panel>
      {developed ? (
        <Channels {...developed} />
      ) : (
        <>
          <About concepts={["latent-space", "vae"]}>{t("latent about")}</About>
          {means.shown && (
            <Part title={t("the channels")}>
              <p className={styles.quiet}>{t("channels unrecorded")}</p>
            </Part>
          )}
        </>
      )}
      <ThereAndBack {...means} />
      <Between {...means} />
    </Panel>
  );
}
