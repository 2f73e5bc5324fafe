import { BookOpen } from "lucide-react";
import { lazy, type ReactNode, Suspense, useRef, useState } from "react";
import { useTexts } from "@/texts/texts";
import { Button } from "@/ui";
import { type ConceptName, hasConcept } from "./concepts";
import styles from "./tray.module.css";
import { useHeldInPlace } from "./useHeldInPlace";

const Concept = lazy(() => import("./Concept"));

/** One of the tabs of the tray. */
export function Panel(props: { children: ReactNode; onKeyDown?: (event: React.KeyboardEvent) => void }) {
  const ref = useRef<HTMLDivElement>(null);
  useHeldInPlace(ref);
  return <div ref={ref} className={styles.panel} {...props} />;
}

/** What a panel shows, in plain words, and where one reads more. */
export function About({ children, concepts }: { children: ReactNode; concepts: readonly ConceptName[] }) {
  const t = useTexts("tray");
  const [open, setOpen] = useState<ConceptName | null>(null);
  return (
    <div className={styles.about}>
      <p>{children}</p>
      <div className={styles.more}>
        {concepts.filter(hasConcept).map((name) => (
          <Button key={name} look="quiet" icon={BookOpen} onClick={() => setOpen(name)}>
            {t(`concept ${name}`)}
          </Button>
        ))}
      </div>
      {open && (
        <Suspense>
          <Concept name={open} onClose={() => setOpen(null)} />
        </Suspense>
      )}
    </div>
  );
}

/** A part of a panel with a heading. */
export function Part({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className={styles.part} aria-label={title}>
      <div className={styles.partHead}>
        <h2>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}
