import {
  ChevronDown,
  ChevronRight,
  CircleAlert,
  CircleCheck,
  CircleHelp,
  History,
  Layers,
  Pin,
} from "lucide-react";
import { useMemo } from "react";
import { type Problem, type Schemas, wordsOf } from "@/api/client";
import { collapse } from "@/graph/edit";
import type { DocNode, NodeSpec } from "@/graph/types";
import type { NodeState } from "@/live/jobs";
import { said } from "@/texts/said";
import { useTexts } from "@/texts/texts";
import { Tip } from "@/ui";
import { ask } from "../asking";
import { edit, tabOf, useDesk } from "../desk";
import { useNodeProgress } from "../running";
import { goInto } from "../selecting";
import { inkOn } from "../typeColours";
import styles from "./node.module.css";

/** The title bar of a node: what it is, how far it is, and what is wrong with it. */
export function Header({
  node,
  spec,
  title,
  isSubgraph,
  state,
  problems,
  failure,
}: {
  node: DocNode;
  spec: NodeSpec | null;
  title: string;
  isSubgraph: boolean;
  state: NodeState | null;
  problems: readonly Problem[];
  failure: Schemas["FailureView"] | null;
}) {
  const t = useTexts("canvas");
  const Fold = node.collapsed ? ChevronRight : ChevronDown;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what a double click does here, keys do too
    <div
      className={styles.header}
      data-ink={inkOn(node.color) ?? undefined}
      style={node.color ? { background: node.color } : undefined}
      title={said().text(spec?.description ?? "") || undefined}
      onDoubleClick={(event) => {
        event.stopPropagation();
        if (isSubgraph) goInto([...(tabOf(useDesk.getState())?.path ?? []), node.id]);
        else ask({ kind: "rename", what: "node", id: node.id });
      }}
    >
      <button
        type="button"
        className={styles.fold}
        tabIndex={-1}
        aria-label={node.collapsed ? t("unfold") : t("fold")}
        aria-expanded={!node.collapsed}
        onClick={() =>
          edit(node.collapsed ? "did unfold" : "did fold", (doc, path) =>
            collapse(doc, path, [node.id], !node.collapsed),
          )
        }
        onDoubleClick={(event) => event.stopPropagation()}
      >
        <Fold size={14} aria-hidden />
      </button>
      {isSubgraph && <Layers size={14} aria-hidden className={styles.headerIcon} />}
      <span className={styles.title}>{title}</span>
      {node.pinned && <Pin size={13} aria-label={t("pinned")} className={styles.headerIcon} />}
      {node.mode !== "always" && <span className={styles.mode}>{t(`mode ${node.mode}`)}</span>}
      {!spec && <Badge icon={CircleHelp} text={t("unknown type", { type: node.type })} kind="bad" />}
      <Wrong problems={problems} failure={failure} />
      {problems.length === 0 && !failure && <State node={node.id} state={state} />}
      <Bar node={node.id} isSubgraph={isSubgraph} />
    </div>
  );
}

function Wrong({
  problems,
  failure,
}: {
  problems: readonly Problem[];
  failure: Schemas["FailureView"] | null;
}) {
  const text = useMemo(
    () => (failure ? wordsOf(failure) : problems.map(wordsOf).join("\n")),
    [problems, failure],
  );
  return text ? <Badge icon={CircleAlert} text={text} kind="bad" /> : null;
}

function Badge({ icon: Icon, text, kind }: { icon: typeof CircleAlert; text: string; kind: string }) {
  return (
    <Tip text={text}>
      <span className={styles.badge} data-kind={kind} role="img" aria-label={text}>
        <Icon size={15} aria-hidden />
      </span>
    </Tip>
  );
}

function State({ node, state }: { node: string; state: NodeState | null }) {
  const t = useTexts("canvas");
  if (state === "cached") return <span className={styles.cached}>{t("state cached")}</span>;
  if (state === "running")
    return <span className={styles.turning} role="img" aria-label={t("state running")} />;
  if (state !== "done") return null;
  return (
    <button
      type="button"
      className={styles.ran}
      tabIndex={-1}
      aria-label={t("why again")}
      title={t("why again")}
      onClick={() => ask({ kind: "reasons", node })}
      onDoubleClick={(event) => event.stopPropagation()}
    >
      <CircleCheck size={14} aria-hidden className={styles.ranDone} />
      <History size={14} aria-hidden className={styles.ranWhy} />
    </button>
  );
}

function Bar({ node, isSubgraph }: { node: string; isSubgraph: boolean }) {
  const t = useTexts("canvas");
  const share = useNodeProgress(node, isSubgraph);
  if (share === null) return null;
  return (
    <div
      className={styles.bar}
      role="progressbar"
      aria-label={t("progress")}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
    >
      <span style={{ transform: `scaleX(${share})` }} />
    </div>
  );
}
