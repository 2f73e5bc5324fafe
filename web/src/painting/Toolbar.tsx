import {
  Brush as BrushIcon,
  Contrast,
  Eraser,
  Expand,
  Hand,
  Lasso,
  type LucideIcon,
  PaintBucket,
  Pentagon,
  Redo2,
  Square,
  Trash2,
  Undo2,
  ZoomIn,
  ZoomOut,
} from "lucide-react";
import { useTexts } from "@/texts/texts";
import { IconButton, NumberField, Switch } from "@/ui";
import { LARGEST_BRUSH, type Tool, take, useBrush } from "./brush";
import { withMark } from "./layers";
import styles from "./painting.module.css";
import { TOOL_KEYS } from "./useKeys";
import type { PaintingWork } from "./usePainting";

const TOOLS: readonly [Tool, LucideIcon][] = [
  ["brush", BrushIcon],
  ["eraser", Eraser],
  ["lasso", Lasso],
  ["polygon", Pentagon],
  ["rectangle", Square],
  ["fill", PaintBucket],
  ["hand", Hand],
];

/** What to paint with. */
export function Tools({ onTake }: { onTake: () => void }) {
  const t = useTexts("painting");
  const tool = useBrush((brush) => brush.tool);
  return (
    <div className={styles.tools} role="toolbar" aria-label={t("tools")}>
      {TOOLS.map(([name, icon]) => (
        <IconButton
          key={name}
          icon={icon}
          label={t(name)}
          shortcut={TOOL_KEYS[name]}
          pressed={tool === name}
          onClick={() => {
            onTake();
            take({ tool: name });
          }}
        />
      ))}
    </div>
  );
}

/** How the tool is set. */
export function Settings() {
  const t = useTexts("painting");
  const { tool, size, hardness, takesAway } = useBrush();
  if (tool === "brush" || tool === "eraser") {
    return (
      <div className={styles.settings}>
        <NumberField
          label={t("size")}
          value={size}
          min={1}
          max={LARGEST_BRUSH}
          slider={[1, 256]}
          onChange={(value) => take({ size: Math.round(value) })}
        />
        <NumberField
          label={t("hardness")}
          value={Math.round(hardness * 100)}
          min={0}
          max={100}
          slider
          onChange={(value) => take({ hardness: value / 100 })}
        />
      </div>
    );
  }
  return (
    <div className={styles.settings}>
      {tool !== "hand" && (
        <Switch label={t("takes away")} checked={takesAway} onChange={(on) => take({ takesAway: on })} />
      )}
      <p className={styles.about}>{t(`${tool} about`)}</p>
    </div>
  );
}

/** What is done to the whole. */
export function Actions({ work }: { work: PaintingWork }) {
  const t = useTexts("painting");
  return (
    <div className={styles.actions} role="toolbar" aria-label={t("actions")}>
      <IconButton
        icon={Undo2}
        label={t("undo")}
        shortcut="Ctrl+Z"
        disabled={!work.canUndo}
        onClick={work.undo}
      />
      <IconButton
        icon={Redo2}
        label={t("redo")}
        shortcut="Ctrl+Shift+Z"
        disabled={!work.canRedo}
        onClick={work.redo}
      />
      <IconButton
        icon={Contrast}
        label={t("invert")}
        shortcut="I"
        onClick={() => work.change((painting) => withMark(painting, { kind: "invert" }))}
      />
      <IconButton
        icon={Trash2}
        label={t("clear")}
        shortcut="Del"
        onClick={() => work.change((painting) => withMark(painting, { kind: "clear" }))}
      />
    </div>
  );
}

/** How near one looks. */
export function Zoom({
  scale,
  zoom,
  showAll,
}: {
  scale: number;
  zoom: (factor: number | "one") => void;
  showAll: () => void;
}) {
  const t = useTexts("painting");
  return (
    <div className={styles.zoom} role="toolbar" aria-label={t("zoom")}>
      <IconButton icon={ZoomOut} label={t("zoom out")} shortcut="-" onClick={() => zoom(1 / 1.25)} />
      <output className={styles.scale}>{Math.round(scale * 100)} %</output>
      <IconButton icon={ZoomIn} label={t("zoom in")} shortcut="+" onClick={() => zoom(1.25)} />
      <IconButton icon={Expand} label={t("show all")} shortcut="0" onClick={showAll} />
    </div>
  );
}
