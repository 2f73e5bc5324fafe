import { useState } from "react";
import type { Asset } from "@/api/client";
import { useExperiment } from "@/live/useExperiment";
import { useTexts } from "@/texts/texts";
import { Button, Select, TextField } from "@/ui";
import { Busy } from "./Busy";
import { betweenPictures, betweenPrompts, type Film as Made, shownFilm, WAYS, type Way } from "./experiments";
import { Film } from "./Film";
import { Part } from "./Panel";
import { PictureChoice } from "./PictureChoice";
import { SaveFilm } from "./SaveFilm";
import styles from "./tray.module.css";
import type { Means } from "./useParts";

const MOST = 384; // pixels a side of frames between two pictures
const ENDS = ["pictures", "prompts"] as const;
type Ends = (typeof ENDS)[number];
/** How many frames one may choose from; between prompts, each is a picture that has to be made. */
const LENGTHS = { pictures: [9, 17, 33], prompts: [3, 5, 9, 17] } as const;

interface Wish {
  readonly ends: Ends;
  readonly picture: Asset | null;
  readonly words: string;
  readonly method: Way;
  readonly frames: Readonly<Record<Ends, number>>;
}

/** The way from this picture to another, through latent space or through the space of prompts. */
export function Between(means: Means) {
  const t = useTexts("tray");
  const { asset, parts, shown, prompt } = means;
  const hasPrompt = shown !== "" && parts.text !== null;
  const running = useExperiment<null, Wish>(t("between"));
  const [wish, setWish] = useState<Wish>({
    ends: "pictures",
    picture: null,
    words: "",
    method: "spherical",
    frames: { pictures: 9, prompts: 5 },
  });
  const { outcome, isBusy } = running;
  const film = filmOf(means, wish);
  function begin(next: Wish) {
    const made = filmOf(means, next);
    running.begin(made && shownFilm(made), next);
  }
  /** Take a part of the wish, and begin at once where it is quick, or where a film of its kind is there already. */
  function change(part: Partial<Wish>) {
    const next = { ...wish, ...part };
    setWish(next);
    const isOfKind = outcome?.asked.ends === next.ends;
    if (part.ends === undefined && part.words === undefined && (next.ends === "pictures" || isOfKind))
      begin(next);
  }
  const made = outcome?.asked.ends === wish.ends ? outcome : null;
  const awaited = running.awaited?.ends === wish.ends ? running.awaited.frames[wish.ends] : 0;
  const frames = made?.pictures ?? Array.from({ length: awaited }, () => null);
  return (
    <Part title={t("between")}>
      <p>{t("between about")}</p>
      {hasPrompt && (
        <fieldset className={styles.choices} aria-label={t("between what")}>
          {ENDS.map((ends) => (
            <Button key={ends} pressed={wish.ends === ends} onClick={() => change({ ends })}>
              {t(`between ${ends}`)}
            </Button>
          ))}
        </fieldset>
      )}
      {wish.ends === "pictures" ? (
        <PictureChoice
          label={t("other end")}
          own={asset}
          isOwnOffered={false}
          value={wish.picture}
          onChange={(picture) => change({ picture })}
        />
      ) : (
        <TextField
          label={t("other prompt")}
          hint={t("other prompt about", { prompt })}
          value={wish.words}
          onChange={(words) => change({ words })}
          onKeyDown={(event) => event.key === "Enter" && begin(wish)}
        />
      )}
      <div className={styles.choose}>
        <Select
          label={t("which way")}
          value={wish.method}
          options={WAYS.map((value) => ({ value, label: t(`way ${value}`) }))}
          onChange={(next) => change({ method: WAYS.find((way) => way === next) ?? "spherical" })}
        />
        <Select
          label={t("frames")}
          value={String(wish.frames[wish.ends])}
          options={LENGTHS[wish.ends].map(String)}
          onChange={(next) => change({ frames: { ...wish.frames, [wish.ends]: Number(next) } })}
        />
        {wish.ends === "prompts" && (
          <Button look="primary" busy={isBusy} disabled={!film} onClick={() => begin(wish)}>
            {t("make film")}
          </Button>
        )}
      </div>
      <p className={styles.quiet}>{t(`ways about ${wish.ends}`)}</p>
      <Busy {...running} />
      {frames.length > 0 && (
        <Film key={wish.ends} label={t("between")} frames={frames} like={asset}>
          <SaveFilm film={made && filmOf(means, made.asked)} />
        </Film>
      )}
    </Part>
  );
}

/** What is to be run for a wish; null while it lacks its other end. */
function filmOf({ asset, parts, shown, picture }: Means, wish: Wish): Made | null {
  const { method } = wish;
  const frames = wish.frames[wish.ends];
  if (wish.ends === "pictures")
    return wish.picture && betweenPictures(parts, [asset, wish.picture], { most: MOST, frames, method });
  const words = wish.words.trim();
  return words ? betweenPrompts(parts, shown, { words, frames, method, picture }) : null;
}
