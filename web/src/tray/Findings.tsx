import { useState } from "react";
import { useTexts } from "@/texts/texts";
import { Select } from "@/ui";
import { Bars, mostOf } from "./Bars";
import styles from "./bars.module.css";
import type { Order, Part } from "./blocks";
import { partName } from "./parts";

/** Parts of a file with a line each, and their blocks as bars. */
export function Findings({
  partsIn,
  told,
  textOf,
}: {
  /** The parts, in an order. */
  partsIn: (order: Order) => readonly Part[];
  /** What is said of a part. */
  told: (part: Part) => string;
  textOf: (value: number) => string;
}) {
  const t = useTexts("tray");
  const [order, setOrder] = useState<Order>("size");
  const parts = partsIn(order);
  const drawn = parts.filter(({ value }) => value > 0);
  const most = mostOf(drawn.flatMap(({ blocks }) => blocks));
  return (
    <>
      {drawn.length > 0 && (
        <div className={styles.choice}>
          <Select
            label={t("sorted")}
            value={order}
            options={(["size", "file"] as const).map((value) => ({ value, label: t(`sorted ${value}`) }))}
            onChange={(next) => setOrder(next === "file" ? "file" : "size")}
          />
        </div>
      )}
      {parts.map((part) => (
        <section key={part.name} className={styles.part} aria-label={partName(part.name, t)}>
          <h3>{partName(part.name, t)}</h3>
          <p>{told(part)}</p>
          {part.value > 0 && (
            <Bars bars={part.blocks} most={most} textOf={textOf} label={partName(part.name, t)} />
          )}
        </section>
      ))}
    </>
  );
}

/** Names that stand aside, folded. */
export function Names({ title, names }: { title: string; names: readonly string[] }) {
  if (names.length === 0) return null;
  return (
    <details className={styles.odd}>
      <summary>{title}</summary>
      <ul>
        {names.map((name) => (
          <li key={name}>{name}</li>
        ))}
      </ul>
    </details>
  );
}
