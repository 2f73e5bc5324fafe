import { said } from "@/texts/said";
import { useTexts } from "@/texts/texts";
import { Button, Notice } from "@/ui";
import { changeShown, useTab } from "./desk";
import styles from "./over.module.css";
import { replaceFile } from "./panels/lacking";
import { showPanel, usePanel } from "./panels/shown";

const MOST_SHOWN = 4;

/** What the workflow names and this server does not have, and what could stand in for it. */
export function Lacks() {
  const t = useTexts("canvas");
  const lacking = useTab()?.lacking;
  const isToldBeside = usePanel(({ name }) => name === "missing");
  if (!lacking || isToldBeside) return null;
  const { notes, unknown, missing } = lacking;
  return (
    <section className={styles.lacks} aria-label={t("lacking")}>
      <Notice
        actions={
          <div className={styles.lackWays}>
            <Button onClick={() => changeShown({ lacking: null })}>{t("understood")}</Button>
            {missing.length + unknown.length > 0 && (
              <Button onClick={() => showPanel("missing")}>{t("panel missing show")}</Button>
            )}
          </div>
        }
      >
        {notes.map((note) => (
          <p key={note}>{said().text(note)}</p>
        ))}
        {unknown.length > 0 && <p>{t("lacks nodes", { n: unknown.length, names: unknown.join(", ") })}</p>}
        {missing.slice(0, MOST_SHOWN).map((one) => (
          <div key={`${one.node} ${one.input}`} className={styles.lack}>
            <span>{t("lacks file", { name: one.name, folder: one.folder })}</span>
            {one.nearest[0] && (
              <Button onClick={() => replaceFile([one], one.nearest[0] ?? "")}>
                {t("use instead", { name: one.nearest[0] })}
              </Button>
            )}
          </div>
        ))}
        {missing.length > MOST_SHOWN && <p>{t("lacks more", { n: missing.length - MOST_SHOWN })}</p>}
      </Notice>
    </section>
  );
}
