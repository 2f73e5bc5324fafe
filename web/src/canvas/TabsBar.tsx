import { Plus, X } from "lucide-react";
import { useRef } from "react";
import { useTexts } from "@/texts/texts";
import { IconButton, say } from "@/ui";
import { ask } from "./asking";
import styles from "./bars.module.css";
import { closeTab, openTab, showTab, type Tab, useDesk } from "./desk";
import { openEmpty, saveVersion } from "./keep";

/** The workflows that are open. */
export function TabsBar() {
  const t = useTexts("canvas");
  const tabs = useDesk((state) => state.tabs);
  const active = useDesk((state) => state.active);
  const row = useRef<HTMLDivElement>(null);

  function close(tab: Tab) {
    void saveVersion(tab.id);
    closeTab(tab.id);
    say(t("closed", { name: tab.name }), { action: { label: t("reopen"), act: () => openTab(tab) } });
  }

  function go(step: number) {
    const at = tabs.findIndex(({ id }) => id === active);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (!next) return;
    showTab(next.id);
    row.current?.querySelector<HTMLElement>(`[data-tab="${next.id}"]`)?.focus();
  }

  return (
    <div className={styles.tabs}>
      <div
        ref={row}
        className={styles.tabList}
        role="tablist"
        aria-label={t("workflows")}
        onKeyDown={(event) => {
          if (event.key === "ArrowRight") go(1);
          if (event.key === "ArrowLeft") go(-1);
        }}
      >
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            data-tab={tab.id}
            aria-selected={tab.id === active}
            aria-controls="graph"
            tabIndex={tab.id === active ? 0 : -1}
            className={styles.tab}
            title={tab.workflowId ? t("on server") : t("in browser")}
            onClick={() => showTab(tab.id)}
            onDoubleClick={() => ask({ kind: "rename", what: "tab", id: tab.id })}
            onAuxClick={(event) => event.button === 1 && close(tab)}
            onKeyDown={(event) => {
              if (event.key === "Delete") close(tab);
              if (event.key === "F2") ask({ kind: "rename", what: "tab", id: tab.id });
            }}
          >
            <span>{tab.name}</span>
            {tab.workflowId && tab.saved !== tab.history.present.doc && (
              <span className={styles.unsaved} role="img" aria-label={t("changed")} />
            )}
            {/* biome-ignore lint/a11y/noStaticElementInteractions: Delete on the tab does the same */}
            {/* biome-ignore lint/a11y/useKeyWithClickEvents: Delete on the tab does the same */}
            <span
              className={styles.closeTab}
              title={t("close tab")}
              onClick={(event) => {
                event.stopPropagation();
                close(tab);
              }}
            >
              <X size={13} aria-hidden />
            </span>
          </button>
        ))}
      </div>
      <IconButton icon={Plus} label={t("new workflow")} onClick={openEmpty} />
    </div>
  );
}
