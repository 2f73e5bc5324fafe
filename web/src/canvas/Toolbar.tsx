import { useReactFlow } from "@xyflow/react";
import {
  CircleHelp,
  EllipsisVertical,
  Grid3x3,
  LayoutDashboard,
  Map as MapIcon,
  Maximize,
  Play,
  Plus,
  Redo2,
  Save,
  Sparkles,
  Square,
  Undo2,
} from "lucide-react";
import { useState } from "react";
import { handOver } from "@/app/handover";
import { redoLabel, undoLabel } from "@/graph/history";
import { writeDoc } from "@/graph/write";
import { isOpen, progressOf, useLive } from "@/live/jobs";
import { makeAgain } from "@/pictures/doing";
import { durationText } from "@/texts/measures";
import { useLanguage, useTexts } from "@/texts/texts";
import { Button, IconButton, Menu, type MenuItem, NumberField, Popover, Progress } from "@/ui";
import { cancelRun, run } from "./acting";
import styles from "./bars.module.css";
import { COMMANDS, type CommandName, keyText } from "./commands";
import { desk, docOf, redoNext, type TextKey, tabOf, undoLast, useTab } from "./desk";
import { PANELS, type Panel } from "./panels";
import { closePanel, showPanel, usePanel } from "./panels/shown";
import { lastPicture, useShownJob } from "./running";
import { showAll } from "./showAll";

/** What is done with the workflow as a whole. */
export function Toolbar({ hasMap, onMap }: { hasMap: boolean; onMap: (on: boolean) => void }) {
  const t = useTexts("canvas");
  const tab = useTab();
  const flow = useReactFlow();
  const [undone, redone] = tab ? [undoLabel(tab.history), redoLabel(tab.history)] : [null, null];
  const named = (label: typeof undone) => (label ? t(label.key as TextKey, label.params) : "");
  const picture = tab ? lastPicture(tab) : null;
  const item = (name: CommandName): MenuItem => {
    const { label, keys, act } = COMMANDS[name];
    return { label: t(label), onSelect: () => act(), ...(keys[0] ? { shortcut: keyText(keys[0]) } : {}) };
  };
  return (
    <div className={styles.toolbar} role="toolbar" aria-label={t("toolbar")}>
      <IconButton
        icon={Plus}
        label={t("add node")}
        shortcut={keyText("Mod+Space")}
        onClick={COMMANDS.add.act}
      />
      <IconButton
        icon={Undo2}
        label={undone ? t("undo what", { what: named(undone) }) : t("undo")}
        shortcut={keyText("Mod+Z")}
        disabled={!undone}
        onClick={undoLast}
      />
      <IconButton
        icon={Redo2}
        label={redone ? t("redo what", { what: named(redone) }) : t("redo")}
        shortcut={keyText("Mod+Shift+Z")}
        disabled={!redone}
        onClick={redoNext}
      />
      <span className={styles.rule} />
      <IconButton
        icon={LayoutDashboard}
        label={t("lay out")}
        shortcut={keyText("Mod+L")}
        onClick={COMMANDS.layOut.act}
      />
      <IconButton icon={Maximize} label={t("fit")} onClick={() => showAll(flow)} />
      <IconButton icon={MapIcon} label={t("map")} pressed={hasMap} onClick={() => onMap(!hasMap)} />
      <span className={styles.rule} />
      <IconButton icon={Save} label={t("save")} shortcut={keyText("Mod+S")} onClick={COMMANDS.save.act} />
      {PANELS.map((panel) => (
        <PanelButton key={panel.name} panel={panel} />
      ))}
      <IconButton icon={CircleHelp} label={t("help")} shortcut="?" onClick={COMMANDS.help.act} />
      <Menu
        items={[
          item("create"),
          item("open"),
          item("saveAs"),
          null,
          item("download"),
          item("exportApi"),
          null,
          { label: t("explore this"), icon: Grid3x3, onSelect: exploreThis },
          {
            label: t("create like this"),
            icon: Sparkles,
            disabled: !picture,
            onSelect: () => void (picture && makeAgain(picture)),
          },
        ]}
      >
        <IconButton icon={EllipsisVertical} label={t("more")} />
      </Menu>
      <span className={styles.space} />
      <RunBar />
    </div>
  );
}

function PanelButton({ panel: { name, icon, label, useIsOffered } }: { panel: Panel }) {
  const t = useTexts("canvas");
  const isOpen = usePanel((state) => state.name === name);
  if (!useIsOffered()) return null;
  return (
    <IconButton
      icon={icon}
      label={t(label)}
      pressed={isOpen}
      onClick={() => (isOpen ? closePanel() : showPanel(name))}
    />
  );
}

function exploreThis(): void {
  const state = desk();
  const [tab, doc] = [tabOf(state), docOf(state)];
  if (!tab || !doc) return;
  const editor = { ...writeDoc(doc, state.catalog) };
  handOver("explore", { editor, name: tab.name, ...(tab.workflowId ? { workflowId: tab.workflowId } : {}) });
}

/** Starts and stops runs, and says how far they are and what they will take. */
function RunBar() {
  const t = useTexts("canvas");
  const { language } = useLanguage();
  const tab = useTab();
  const job = useShownJob();
  const jobs = useLive((live) => live.jobs);
  const [count, setCount] = useState(1);
  const [isBusy, setBusy] = useState(false);
  const open = tab?.jobs.filter((id) => jobs[id] && isOpen(jobs[id].view)).length ?? 0;
  const problems = tab?.verdict?.problems.length ?? 0;
  const seconds = tab?.verdict?.estimate?.seconds ?? null;
  const share = job?.view.state === "running" ? progressOf(job) : null;

  async function start() {
    setBusy(true);
    await run({ count });
    setBusy(false);
  }

  return (
    <div className={styles.runBar}>
      <p className={styles.status} role="status">
        {open > 0
          ? share && share.seconds !== null
            ? t("time left", { time: durationText(share.seconds, language) })
            : job?.view.state === "running"
              ? t("is running")
              : t("is waiting")
          : problems > 0
            ? t("problems", { n: problems })
            : seconds !== null
              ? t("will take", { time: durationText(seconds, language) })
              : ""}
      </p>
      <div className={styles.runProgress}>
        {share && <Progress label={t("progress")} value={share.share} />}
      </div>
      {open > 0 && (
        <Button icon={Square} onClick={() => void cancelRun()}>
          {t("cancel run")}
        </Button>
      )}
      <Popover
        label={t("how often")}
        align="end"
        trigger={
          <button type="button" className={styles.times} aria-label={`${t("how often")} ×${count}`}>
            ×{count}
          </button>
        }
      >
        <NumberField label={t("how often")} value={count} min={1} max={100} onChange={setCount} />
      </Popover>
      <Button
        look="primary"
        icon={Play}
        busy={isBusy}
        title={keyText("Mod+Enter")}
        onClick={() => void start()}
      >
        {t("run")}
      </Button>
    </div>
  );
}
