import { Minus, Paintbrush, PenLine, Plus } from "lucide-react";
import { useMemo } from "react";
import type { Catalog, Doc } from "@/graph/types";
import { useTexts } from "@/texts/texts";
import { differences, type Line } from "./differences";
import styles from "./panels.module.css";

const ICONS = { added: Plus, removed: Minus, changed: PenLine, looks: Paintbrush };

/** What differs between two documents. */
export function Differences({ before, after, catalog }: { before: Doc; after: Doc; catalog: Catalog }) {
  const t = useTexts("canvas");
  const sections = useMemo(() => differences(before, after, catalog, t), [before, after, catalog, t]);
  if (sections.length === 0) return <p className={styles.hint}>{t("panel no difference")}</p>;
  return (
    <>
      {sections.map(({ name, lines }) => (
        <section key={name} className={styles.part}>
          {name && <h4>{t("panel in subgraph", { name })}</h4>}
          <ul className={styles.lines}>
            {lines.map((line, at) => (
              <Row key={at} line={line} />
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

function Row({ line: { kind, text, values } }: { line: Line }) {
  const t = useTexts("canvas");
  const Icon = ICONS[kind];
  return (
    <li data-kind={kind}>
      <Icon size={14} aria-hidden />
      <div>
        <p>{text}</p>
        {values && (
          <p className={styles.values}>
            <del>{values[0] || t("panel empty value")}</del>
            <span aria-hidden> → </span>
            <ins>{values[1] || t("panel empty value")}</ins>
          </p>
        )}
      </div>
    </li>
  );
}
