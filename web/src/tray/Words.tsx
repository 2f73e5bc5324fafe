import { useMemo, useState } from "react";
import { useLanguage, useTexts } from "@/texts/texts";
import { Chip, NumberField, Switch } from "@/ui";
import { Canvas } from "./Canvas";
import { heatPixels, latentPixels, rangeOf } from "./colours";
import { About, Panel, Part } from "./Panel";
import { attentionOf, contrastOf, type Field, heardTokens, type Recording, sharesOf } from "./recording";
import type { Developed } from "./TrayView";
import { Trial } from "./Trial";
import styles from "./tray.module.css";
import { byWeight } from "./trying";
import { nameOf, WordChip } from "./WordChip";
import { chunksOf, mostTelling, type Read, type Word, weighted } from "./words";

const USUAL_STRENGTH = 60;

/** The prompt as CLIP reads it, and for each word where the picture looked at it. */
export function Words(developed: Developed) {
  const t = useTexts("tray");
  const { sampling, recording, picture } = developed;
  const read = sampling.words;
  const [byToken, setByToken] = useState(false);
  const chunks = useMemo(() => (read ? chunksOf(read, byToken) : []), [read, byToken]);
  const all = useMemo(() => chunks.flat(), [chunks]);
  const [chosen, setChosen] = useState<number | null>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const [step, setStep] = useState<number | null>(null);
  const [isBeside, setBeside] = useState(false);
  const [strength, setStrength] = useState(USUAL_STRENGTH);
  const first = useMemo(() => read && tellingIn(read, recording, picture), [read, recording, picture]);
  const pinned = all.find(({ key }) => key === chosen) ?? all.find(({ key }) => key === first?.key) ?? all[1];
  const shown = all.find(({ key }) => key === pointed) ?? pinned;
  const fieldOf = useMemo(() => {
    const places = read?.tokens.map(({ place }) => place) ?? [];
    return ({ kind, places: own }: Word) =>
      isBeside && kind !== "start" && kind !== "end"
        ? (sharesOf(recording, [own], places, picture, step)?.[0] ?? null)
        : attentionOf(recording, own, picture, step);
  }, [recording, read, isBeside, picture, step]);
  const field = useMemo(() => shown && fieldOf(shown), [shown, fieldOf]) ?? null;
  const heated = useMemo(() => field && heatPixels(field), [field]);
  if (!read)
    return (
      <Panel>
        <About concepts={["clip"]}>{t("words unread")}</About>
      </Panel>
    );
  const heard = heardTokens(recording);
  return (
    <Panel>
      <div className={styles.besides}>
        <div className={styles.look}>
          <div className={styles.held}>
            <div className={styles.picture} style={{ "--ratio": ratioOf(developed) } as React.CSSProperties}>
              <Under {...developed} />
              {heated && shown && (
                <Canvas
                  className={styles.heat}
                  pixels={heated}
                  label={t("heat of", { word: nameOf(shown, t) })}
                  style={{ opacity: strength / 100 }}
                />
              )}
            </div>
          </div>
          {field && shown ? (
            <>
              <Legend
                field={field}
                word={nameOf(shown, t)}
                of={t(isBeside && shown.kind === "word" ? "attention beside" : "attention to")}
              />
              <Switch label={t("beside others")} checked={isBeside} onChange={setBeside} />
              <StepChoice recording={recording} step={step} onStep={setStep} />
              <NumberField
                label={t("heat strength")}
                value={strength}
                min={0}
                max={100}
                slider
                onChange={setStrength}
              />
            </>
          ) : (
            <p className={styles.quiet}>{t("unheard")}</p>
          )}
        </div>
        <div className={styles.tell}>
          <About concepts={["clip", "guidance"]}>{t("words about")}</About>
          <Part
            title={t("as read")}
            aside={<Switch label={t("by token")} checked={byToken} onChange={setByToken} />}
          >
            {chunks.map((words, chunk) => (
              <fieldset
                key={chunk}
                className={styles.chunk}
                onKeyDown={besideByArrows}
                aria-label={t("chunk", { n: chunk + 1 })}
              >
                {chunks.length > 1 && (
                  <span className={styles.chunkName}>{t("chunk", { n: chunk + 1 })}</span>
                )}
                {words.map((word) => (
                  <WordChip
                    key={word.key}
                    word={word}
                    fieldOf={fieldOf}
                    isHeard={word.places.some((place) => place < heard)}
                    isChosen={word.key === pinned?.key}
                    onChoose={() => setChosen(word.key)}
                    onPoint={(isOn) => setPointed(isOn ? word.key : null)}
                  />
                ))}
              </fieldset>
            ))}
            <Facts read={read} heard={heard} />
          </Part>
          {(shown?.kind === "start" || shown?.kind === "end") && (
            <p className={styles.quiet}>{t(`about ${shown.kind}`)}</p>
          )}
          {pinned?.span && <Weigh key={pinned.key} {...developed} read={read} word={pinned} />}
        </div>
      </div>
    </Panel>
  );
}

/** The word that is shown first. */
function tellingIn(read: Read, recording: Recording, picture: number): Word | undefined {
  const words = chunksOf(read, false).flat();
  const groups = words.map(({ places }) => places);
  const all = read.tokens.map(({ place }) => place);
  return mostTelling(words, sharesOf(recording, groups, all, picture, null)?.map(contrastOf) ?? []);
}

/** Arrows go from word to word. */
function besideByArrows(event: React.KeyboardEvent): void {
  const from = document.activeElement;
  const to =
    event.key === "ArrowRight"
      ? from?.nextElementSibling
      : event.key === "ArrowLeft"
        ? from?.previousElementSibling
        : null;
  if (to instanceof HTMLButtonElement) to.focus();
}

/** The picture itself; of a run that gave none, the last estimate of it. */
function Under({ asset, recording, picture }: Developed) {
  const estimate = useMemo(
    () => latentPixels(recording, "denoised", recording.steps - 1, picture),
    [recording, picture],
  );
  return asset.mime.startsWith("image/") ? (
    <img className={styles.under} src={asset.url} alt={asset.prompt || asset.path} />
  ) : (
    <Canvas className={styles.under} pixels={estimate} />
  );
}

/** Width by height of what is drawn. */
export function ratioOf({ asset, recording: { head } }: Developed): number {
  return asset.width && asset.height ? asset.width / asset.height : head.width / head.height;
}

function Facts({ read, heard }: { read: Read; heard: number }) {
  const t = useTexts("tray");
  const cut = heard ? read.tokens.filter(({ place }) => place >= heard).length : 0;
  return (
    <div className={styles.facts}>
      <p>
        {t("tokens", { n: read.tokens.length })} {t("chunks", { n: read.chunks })}{" "}
        {cut > 0 ? t("cut off", { n: cut }) : t("nothing cut")}
      </p>
      {read.missing.length > 0 && (
        <p className={styles.warn}>
          {t("missing embeddings")}{" "}
          {read.missing.map((name) => (
            <Chip key={name}>{name}</Chip>
          ))}
        </p>
      )}
    </div>
  );
}

/** What the darkest and the lightest of a map stand for. */
function Legend({ field, word, of }: { field: Field; word: string; of: string }) {
  const { language } = useLanguage();
  const [low, high] = rangeOf(field);
  const share = (value: number) =>
    value.toLocaleString(language, { style: "percent", maximumSignificantDigits: 2 });
  return (
    <div className={styles.legend}>
      <p>
        {of} <strong>{word}</strong>
      </p>
      <div className={styles.scale}>
        <span>{share(low)}</span>
        <span className={styles.ramp} aria-hidden />
        <span>{share(high)}</span>
      </div>
    </div>
  );
}

function StepChoice({
  recording,
  step,
  onStep,
}: {
  recording: Recording;
  step: number | null;
  onStep: (step: number | null) => void;
}) {
  const t = useTexts("tray");
  return (
    <div className={styles.stepChoice}>
      <Switch
        label={t("one step")}
        checked={step !== null}
        onChange={(isOn) => onStep(isOn ? Math.floor(recording.steps / 2) : null)}
      />
      {step !== null && (
        <NumberField
          label={t("step")}
          bare
          value={step + 1}
          min={1}
          max={recording.steps}
          slider
          onChange={(next) => onStep(next - 1)}
        />
      )}
    </div>
  );
}

function Weigh({ read, word, ...developed }: Developed & { read: Read; word: Word }) {
  const t = useTexts("tray");
  const [weight, setWeight] = useState(() => (word.weight === 1 ? 1.4 : 1));
  const prompt = weighted(read.prompt, word, weight, read.syntax);
  return (
    <Part title={t("try it")}>
      <p>{t("try weight", { word: word.text })}</p>
      <NumberField
        label={t("weight of", { word: word.text })}
        value={weight}
        min={0}
        max={2}
        step={0.05}
        slider
        onChange={setWeight}
      />
      <Trial
        {...developed}
        change={prompt === null ? null : byWeight(prompt, read.prompt)}
        caption={prompt ?? ""}
      />
    </Part>
  );
}
