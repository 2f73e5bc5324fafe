import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { failure } from "@/api/client";
import big from "@/pictures/big.module.css";
import { PictureDialog } from "@/pictures/PictureDialog";
import { useLanguage, useTexts } from "@/texts/texts";
import { Spinner, Trouble } from "@/ui";
import { comparisonQuery, type Difference, differencePicture, EFFECTS, type Pixels } from "./comparing";
import styles from "./differences.module.css";

/** Kinds of differences that are told with a reason. */
const EXPLAINED = ["noise", "weights", "warnings", "program", "format", "renamed"] as const;

/** Why two pictures are not the same, the likeliest reason first, and where they differ. */
export function WhatDiffers({ one, other }: { one: string; other: string }) {
  const t = useTexts("gallery");
  const found = useQuery(comparisonQuery(one, other));
  if (found.error) return <Trouble failure={failure(found.error)} />;
  if (!found.data) return <Spinner label={t("comparing")} />;
  const { silent, differences, pixels } = found.data;
  const isSameRecipe = silent.length + differences.length === 0;
  return (
    <>
      <h2 className={styles.title}>{t("what differs")}</h2>
      {silent.map((letter) => (
        <p key={letter} className={big.quiet}>
          {t("tells nothing", { letter: letter.toUpperCase() })}
        </p>
      ))}
      {isSameRecipe && <p className={big.quiet}>{t("same recipe")}</p>}
      {isSameRecipe && !pixels.identical && <p className={big.quiet}>{t("same recipe why")}</p>}
      {EFFECTS.map((effect) => {
        const some = differences.filter((difference) => difference.effect === effect);
        if (some.length === 0) return null;
        return (
          <section
            key={effect}
            className={styles.group}
            data-effect={effect}
            aria-label={t(`effect ${effect}`)}
          >
            <h3>{t(`effect ${effect}`)}</h3>
            <ul>
              {some.map((difference) => (
                <Item key={`${difference.kind} ${difference.subject}`} difference={difference} />
              ))}
            </ul>
          </section>
        );
      })}
      <PixelPart one={one} other={other} pixels={pixels} />
    </>
  );
}

function Item({ difference: { kind, subject, a, b, removed, added } }: { difference: Difference }) {
  const t = useTexts("gallery");
  const isWorded = removed.length + added.length > 0;
  const why = EXPLAINED.find((one) => one === kind);
  return (
    <li>
      <h4>
        {t(`differs ${kind}`)}
        {subject && <span>{subject}</span>}
      </h4>
      <dl className={styles.values}>
        <dt>A</dt>
        <dd>{isWorded ? <Words words={removed} isGone /> : a || "–"}</dd>
        <dt>B</dt>
        <dd>{isWorded ? <Words words={added} /> : b || "–"}</dd>
      </dl>
      {why && <p className={styles.why}>{t(`why ${why}`)}</p>}
    </li>
  );
}

/** The words of a prompt that one of the pictures alone has. */
function Words({ words, isGone = false }: { words: readonly string[]; isGone?: boolean }) {
  const Mark = isGone ? "del" : "ins";
  if (words.length === 0) return "–";
  return words.map((word, at) => <Mark key={`${at} ${word}`}>{word}</Mark>);
}

function PixelPart({ one, other, pixels }: { one: string; other: string; pixels: Pixels }) {
  const t = useTexts("gallery");
  const { language } = useLanguage();
  const [isOpen, setOpen] = useState(false);
  const number = (value: number, how: Intl.NumberFormatOptions) =>
    new Intl.NumberFormat(language, how).format(value);
  const { changed, mean, most, gain } = pixels;
  const isApart = changed !== null && mean !== null && most !== null && !pixels.identical;
  return (
    <section className={styles.group} aria-label={t("pixels")}>
      <h3>{t("pixels")}</h3>
      <p>
        {pixels.identical
          ? t("pixels same")
          : isApart
            ? t("pixels apart", {
                share: number(shown(changed), { style: "percent", maximumFractionDigits: 1 }),
                mean: number(mean, { maximumSignificantDigits: 3 }),
                most,
              })
            : t("pixels sizes", { a: pixels.a.join(" × "), b: pixels.b.join(" × ") })}
      </p>
      {isApart && (
        <figure className={styles.figure}>
          <button type="button" onClick={() => setOpen(true)}>
            <img src={differencePicture(one, other)} alt={t("difference picture")} />
          </button>
          <figcaption>
            {gain === null || gain < 1.05
              ? t("difference plain")
              : t("difference about", { gain: number(gain, { maximumSignificantDigits: 3 }) })}
          </figcaption>
        </figure>
      )}
      {isOpen && (
        <PictureDialog
          url={differencePicture(one, other)}
          title={t("difference picture")}
          alt={t("difference picture")}
          onClose={() => setOpen(false)}
        />
      )}
    </section>
  );
}

/** A share to be read in percent: 0 and 100 are said only where they are meant. */
function shown(share: number): number {
  return share === 1 ? 1 : Math.min(0.999, Math.max(0.001, share));
}
