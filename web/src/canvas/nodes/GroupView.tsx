import { type NodeProps, useReactFlow } from "@xyflow/react";
import { memo } from "react";
import { resizeGroup } from "@/graph/groups";
import { useTexts } from "@/texts/texts";
import { ask } from "../asking";
import { edit, roomOf, useDesk, useIsSelected } from "../desk";
import type { FlowNode } from "../flow";
import styles from "./around.module.css";
import { useResize } from "./Grip";

const LEAST = 60;

/** A titled box behind nodes; by its title it is moved with all that lies in it. */
export const GroupView = memo(function GroupView({ id }: NodeProps<FlowNode>) {
  const t = useTexts("canvas");
  const { getZoom } = useReactFlow();
  const group = useDesk((state) => roomOf(state).groups.get(id.slice(2)));
  const isSelected = useIsSelected(id);
  const [, , width = 0, height = 0] = group?.box ?? [];
  const resize = useResize(
    (dx, dy, [wide, high]) => {
      if (!group) return;
      const size = [wide + dx / getZoom(), high + dy / getZoom()].map((one) =>
        Math.max(LEAST, Math.round(one / 10) * 10),
      );
      edit(
        "did resize group",
        (doc, path) =>
          resizeGroup(doc, path, group.id, [group.box[0], group.box[1], size[0] ?? LEAST, size[1] ?? LEAST]),
        { merge: `size ${id}` },
      );
    },
    [width, height],
  );
  if (!group) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div
      className={styles.group}
      role="group"
      aria-label={t("group named", { name: group.title || t("group") })}
      data-selected={isSelected || undefined}
      style={group.color ? { color: group.color } : undefined}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: its menu renames it too */}
      <div
        className={styles.groupTitle}
        onDoubleClick={(event) => {
          event.stopPropagation();
          ask({ kind: "rename", what: "group", id: group.id });
        }}
      >
        <span>{group.title || t("group")}</span>
      </div>
      <span className={`${styles.grip} nodrag`} aria-hidden {...resize} />
    </div>
  );
});
