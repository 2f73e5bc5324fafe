import { useQuery } from "@tanstack/react-query";
import { useReactFlow } from "@xyflow/react";
import { Boxes, Trash2 } from "lucide-react";
import { failure } from "@/api/client";
import { keepPreference } from "@/api/queries";
import { useTexts } from "@/texts/texts";
import { Button, Empty, IconButton, Spinner, say, sayFailure, Trouble } from "@/ui";
import { useTab } from "../desk";
import { openEmpty } from "../keep";
import { addAt } from "../linking";
import { type Published, publishedQuery } from "../Palette";
import styles from "./panels.module.css";

/** Subgraphs that were kept as nodes, to be put into any workflow. */
export function OwnNodes() {
  const t = useTexts("canvas");
  const flow = useReactFlow();
  const tab = useTab();
  const { data, error } = useQuery(publishedQuery);
  if (error) return <Trouble failure={failure(error)} />;
  if (!data) return <Spinner label={t("loading")} />;
  if (data.length === 0) {
    return (
      <Empty icon={Boxes} title={t("panel no own")}>
        <p>{t("panel no own about")}</p>
      </Empty>
    );
  }

  function insert({ document }: Published) {
    if (!tab) openEmpty();
    const box = window.document.getElementById("graph")?.getBoundingClientRect();
    const { x, y } = flow.screenToFlowPosition({
      x: box ? box.left + box.width / 2 : innerWidth / 2,
      y: box ? box.top + box.height / 3 : innerHeight / 3,
    });
    addAt({ json: document, pos: [Math.round(x / 10) * 10, Math.round(y / 10) * 10] }, { isFree: true });
  }

  async function remove(name: string, all: readonly Published[]) {
    try {
      await keepPreference(
        "graph.published",
        all.filter((one) => one.name !== name),
      );
      say(t("panel removed", { name }), {
        action: { label: t("undo"), act: () => void keepPreference("graph.published", all) },
      });
    } catch (reason) {
      sayFailure(reason);
    }
  }

  return (
    <ul className={styles.cards}>
      {data.map((one) => (
        <li key={one.name} className={styles.card}>
          <div className={styles.line}>
            <p className={styles.grow}>{one.name}</p>
            <Button onClick={() => insert(one)}>{t("panel insert")}</Button>
            <IconButton
              icon={Trash2}
              label={t("panel remove own", { name: one.name })}
              onClick={() => void remove(one.name, data)}
            />
          </div>
        </li>
      ))}
    </ul>
  );
}
