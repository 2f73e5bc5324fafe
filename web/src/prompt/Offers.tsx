import { useLayoutEffect, useRef } from "react";
import { useTexts } from "@/texts/texts";
import type { Offer } from "./completing";
import styles from "./prompt.module.css";

const ASIDE = 8; // pixels kept free at the edges of the screen

/** The offers below the caret; in front of everything, so that neither a dialog nor a zoomed node hides them. */
export function Offers({
  id,
  offers,
  active,
  place,
  onTake,
}: {
  id: string;
  offers: readonly Offer[];
  active: number;
  place: { left: number; top: number; bottom: number };
  onTake: (offer: Offer) => void;
}) {
  const t = useTexts("prompt");
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box) return;
    if (!box.matches(":popover-open")) box.showPopover();
    const { offsetWidth: width, offsetHeight: height } = box;
    const isAbove = place.bottom + height + ASIDE > innerHeight && place.top > height;
    box.style.left = `${Math.max(ASIDE, Math.min(place.left, innerWidth - width - ASIDE))}px`;
    box.style.top = `${isAbove ? place.top - height - 4 : place.bottom + 4}px`;
  });
  return (
    <div ref={ref} popover="manual" className={styles.offers}>
      <div id={id} role="listbox" aria-label={t("offers")}>
        {offers.map((offer, at) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the text, which moves through the list
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the text
          <div
            key={`${offer.kind} ${offer.label}`}
            id={`${id}-${at}`}
            role="option"
            aria-selected={at === active}
            className={styles.offer}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => onTake(offer)}
          >
            <span className={styles.name}>{offer.label}</span>
            {offer.kind !== "words" && <span className={styles.kind}>{t(offer.kind)}</span>}
          </div>
        ))}
      </div>
      <p className={styles.keys} aria-hidden>
        <kbd>↓</kbd> <kbd>Tab</kbd> {t("takes")} <kbd>Esc</kbd> {t("closes")}
      </p>
    </div>
  );
}
