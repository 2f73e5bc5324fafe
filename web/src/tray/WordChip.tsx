import { useMemo } from "react";
import { useLanguage, useTexts } from "@/texts/texts";
import { classes } from "@/ui";
import { Canvas } from "./Canvas";
import { heatPixels } from "./colours";
import type { Field } from "./recording";
import styles from "./tray.module.css";
import type { Word } from "./words";

const HEAVIEST = 1.6; // weight that is drawn in full

type Say = ReturnType<typeof useTexts<"tray">>;

/** What a word is called; a mark by what it is for. */
export function nameOf(word: Word, t: Say): string {
  return word.kind === "start" || word.kind === "end" ? t(`mark ${word.kind}`) : word.text;
}

/** A word with the small map of where it was looked at. */
export function WordChip({
  word,
  fieldOf,
  isHeard,
  isChosen,
  onChoose,
  onPoint,
}: {
  word: Word;
  fieldOf: (word: Word) => Field | null;
  isHeard: boolean;
  isChosen: boolean;
  onChoose: () => void;
  onPoint: (isOn: boolean) => void;
}) {
  const t = useTexts("tray");
  const { language } = useLanguage();
  const small = useMemo(() => {
    const field = isHeard ? fieldOf(word) : null;
    return field && heatPixels(field);
  }, [word, fieldOf, isHeard]);
  const isMark = word.kind === "start" || word.kind === "end";
  const weight = word.weight.toLocaleString(language, { maximumFractionDigits: 2 });
  const name = nameOf(word, t);
  return (
    <button
      type="button"
      className={classes(styles.word, isMark && styles.mark, !isHeard && styles.unheard)}
      aria-pressed={isChosen}
      onClick={onChoose}
      onPointerEnter={(event) => event.pointerType === "mouse" && onPoint(true)}
      onPointerLeave={() => onPoint(false)}
      onFocus={() => onPoint(true)}
      onBlur={() => onPoint(false)}
    >
      {small && <Canvas className={styles.mini} pixels={small} />}
      <span className={styles.tokens}>
        {word.kind === "word"
          ? word.tokens.map((token) => <span key={token.place}>{token.text.trimEnd()}</span>)
          : name}
      </span>
      {word.weight !== 1 && (
        <span className={styles.weight} data-side={word.weight > 1 ? "more" : "less"}>
          <span style={{ width: `${Math.min(1, Math.abs(word.weight - 1) / (HEAVIEST - 1)) * 100}%` }} />×
          {weight}
        </span>
      )}
    </button>
  );
}
