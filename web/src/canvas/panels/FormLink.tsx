import { Copy, ExternalLink, Save } from "lucide-react";
import { useState } from "react";
import { useTexts } from "@/texts/texts";
import { Button, copyText, TextField } from "@/ui";
import { ask } from "../asking";
import { useTab } from "../desk";
import { saveVersion } from "../keep";
import styles from "./panels.module.css";

/** The address of the form; the workflow is saved first, since the form is of what is saved. */
export function FormLink() {
  const t = useTexts("canvas");
  const tab = useTab();
  const [isBusy, setBusy] = useState(false);
  if (!tab) return null;
  if (!tab.workflowId) {
    return (
      <section className={styles.part}>
        <h3>{t("panel link")}</h3>
        <p className={styles.hint}>{t("panel link save")}</p>
        <Button icon={Save} onClick={() => ask({ kind: "save" })}>
          {t("save as")}
        </Button>
      </section>
    );
  }
  const hash = `#/form/${tab.workflowId}`;
  const url = `${location.origin}${location.pathname}${hash}`;
  async function saved(then: () => unknown) {
    if (!tab) return;
    setBusy(true);
    if (await saveVersion(tab.id)) await then();
    setBusy(false);
  }
  return (
    <section className={styles.part}>
      <TextField
        label={t("panel link")}
        hint={t("panel link about")}
        value={url}
        onChange={() => {}}
        readOnly
        onFocus={(event) => event.target.select()}
      />
      <div className={styles.offers}>
        <Button
          icon={Copy}
          busy={isBusy}
          onClick={() => void saved(() => copyText(url, t("panel link copied")))}
        >
          {t("panel copy link")}
        </Button>
        <Button icon={ExternalLink} busy={isBusy} onClick={() => void saved(() => (location.hash = hash))}>
          {t("panel open form")}
        </Button>
      </div>
    </section>
  );
}
