import { LayoutGrid, Map as MapIcon } from "lucide-react";
import type { ReactNode } from "react";
import { useLanguage, useTexts } from "@/texts/texts";
import { Button, Empty } from "@/ui";
import type { Filter } from "./filter";
import styles from "./map.module.css";
import type { Wandered } from "./Plane";
import type { MapMethod } from "./requests";

export const FEWEST = 2; // pictures that a map has

export interface MapProps extends Wandered {
  filter: Filter;
  method: MapMethod;
  onMethod: (method: MapMethod) => void;
  onGrid: () => void;
}

/** What a map shows, and how one goes about in it. */
export function About({ id, first, children }: { id: string; first: string; children: ReactNode }) {
  const t = useTexts("gallery");
  return (
    <div className={styles.about} id={id}>
      <p>
        {first} <span className={styles.byPointer}>{t("map keys")}</span>
        <span className={styles.byTouch}>{t("map touch")}</span>
      </p>
      <p>
        {children} {t("map as list")}
      </p>
    </div>
  );
}

/** What left and right, and up and down, stand for; nothing where they are no directions of the vectors. */
export function Directions({ shares }: { shares: readonly number[] }) {
  const t = useTexts("gallery");
  const { language } = useLanguage();
  const [along, across] = shares.map((share) =>
    share.toLocaleString(language, { style: "percent", maximumFractionDigits: 0 }),
  );
  return along && across ? t("map shares", { along, across }) : t("map neighbours");
}

export function TooFew({ children, onGrid }: { children: ReactNode; onGrid: () => void }) {
  const t = useTexts("gallery");
  return (
    <Empty icon={MapIcon} title={t("map empty")}>
      <p>{children}</p>
      <ToGrid onGrid={onGrid} />
    </Empty>
  );
}

export function ToGrid({ onGrid }: { onGrid: () => void }) {
  const t = useTexts("gallery");
  return (
    <Button icon={LayoutGrid} onClick={onGrid}>
      {t("as a grid")}
    </Button>
  );
}
