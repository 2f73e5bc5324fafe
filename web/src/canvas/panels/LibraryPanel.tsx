import { useState } from "react";
import { useTexts } from "@/texts/texts";
import { Tabs } from "@/ui";
import { OwnNodes } from "./OwnNodes";
import { PanelFrame } from "./PanelFrame";
import styles from "./panels.module.css";
import { SavedList } from "./SavedList";
import { Templates } from "./Templates";

const TABS = ["templates", "saved", "own"] as const;
type Tab = (typeof TABS)[number];

/** What there is to begin with: templates, workflows that were saved, and nodes of one's own. */
export default function LibraryPanel() {
  const t = useTexts("canvas");
  const [tab, setTab] = useState<Tab>("templates");
  return (
    <PanelFrame title={t("panel library")}>
      <Tabs
        label={t("panel library")}
        tabs={TABS.map((value) => ({ value, label: t(`panel ${value}`) }))}
        value={tab}
        onChange={setTab}
      >
        <div className={styles.inside}>
          {tab === "templates" && <Templates />}
          {tab === "saved" && <SavedList />}
          {tab === "own" && <OwnNodes />}
        </div>
      </Tabs>
    </PanelFrame>
  );
}
