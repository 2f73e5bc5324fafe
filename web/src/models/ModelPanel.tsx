import { useQuery } from "@tanstack/react-query";
import { Blocks, Copy, Images, Sparkles, X } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { failure, type ImageWish, type Model } from "@/api/client";
import { handOver } from "@/app/handover";
import big from "@/pictures/big.module.css";
import { Fact } from "@/pictures/RecipeParts";
import { sizeText, timeText } from "@/texts/measures";
import { said } from "@/texts/said";
import { useLanguage, useTexts } from "@/texts/texts";
import { Button, buttonClass, classes, copyText, Dialog, IconButton, sayFailure, Trouble } from "@/ui";
import { useFolderName } from "./Folders";
import styles from "./models.module.css";
import { Notes } from "./Notes";
import { PictureOf } from "./PictureOf";
import { detailsQuery, hashOf } from "./requests";

const Anatomy = lazy(() => import("@/tray/Anatomy"));

/** All that is known of one model, and what can be done with it. */
export function ModelPanel({
  model,
  families,
  onClose,
}: {
  model: Model;
  families: readonly { family: string; title: string }[];
  onClose: () => void;
}) {
  const t = useTexts("models");
  const { language } = useLanguage();
  const nameOf = useFolderName();
  const details = useQuery(detailsQuery(model));
  const wish = wishOf(model);
  const [isInside, setInside] = useState(false);
  const { recommended: best } = model;
  const titles = model.families.map(
    (family) => families.find((known) => known.family === family)?.title ?? family,
  );
  return (
    <aside
      className={styles.panel}
      aria-label={model.name}
      onKeyDown={(event) => event.key === "Escape" && onClose()}
    >
      <header className={styles.panelHead}>
        <h2>{model.name}</h2>
        <IconButton icon={X} label={t("close")} onClick={onClose} />
      </header>
      <PictureOf model={model} />
      <div className={styles.uses}>
        {wish && (
          <Button look="primary" icon={Sparkles} onClick={() => handOver("create", wish)}>
            {t("use it")}
          </Button>
        )}
        <a
          className={classes(buttonClass, styles.link)}
          href={`#/gallery/${new URLSearchParams({ model: model.name }).toString()}`}
        >
          <Images size={16} aria-hidden />
          {t("its pictures")}
        </a>
        {details.data && details.data.parameters > 0 && (
          <Button icon={Blocks} onClick={() => setInside(true)}>
            {t("inside")}
          </Button>
        )}
      </div>
      {isInside && (
        <Dialog title={t("inside")} size="wide" onClose={() => setInside(false)}>
          <p>{t("inside about")}</p>
          <Suspense>
            <Anatomy folder={model.folder} name={model.name} />
          </Suspense>
        </Dialog>
      )}
      <Notes model={model} />
      <dl className={styles.facts}>
        <Fact name={t("is")}>{said().text(model.about) || t("unknown")}</Fact>
        {titles.length > 0 && <Fact name={t("goes with")}>{titles.join(", ")}</Fact>}
        {best && (
          <Fact name={t("suits it")}>
            {[
              `${best.width} × ${best.height}`,
              t("steps", { n: best.steps }),
              `CFG ${best.cfg}`,
              best.sampler,
              best.scheduler,
            ].join(" · ")}
          </Fact>
        )}
        <Fact name={t("column folder")}>{nameOf(model.folder)}</Fact>
        <Fact name={t("column bytes")}>{sizeText(model.bytes, language)}</Fact>
        {details.data && details.data.parameters > 0 && (
          <Fact name={t("parameters")}>
            {details.data.parameters.toLocaleString(language, {
              notation: "compact",
              maximumSignificantDigits: 3,
            })}
          </Fact>
        )}
        <Fact name={t("column used")}>{t("times", { n: model.used })}</Fact>
        {model.last_used && <Fact name={t("column last")}>{timeText(model.last_used, language)}</Fact>}
        <Fact name={t("changed on")}>{timeText(model.modified, language)}</Fact>
        <Fact name="SHA-256">
          <Hash model={model} />
        </Fact>
        {model.path && (
          <Fact name={t("lies in")}>
            <span className={styles.path}>
              <code>{model.path}</code>
              <IconButton
                icon={Copy}
                label={t("copy path")}
                onClick={() => void copyText(model.path, t("copied"))}
              />
            </span>
          </Fact>
        )}
        {model.duplicates.length > 0 && (
          <Fact name={t("same as")}>
            <ul>
              {model.duplicates.map((other) => (
                <li key={other}>
                  <a href={`#/models/${new URLSearchParams({ show: other }).toString()}`}>{other}</a>
                </li>
              ))}
            </ul>
          </Fact>
        )}
      </dl>
      {details.error && <Trouble failure={failure(details.error)} />}
      {details.data && Object.keys(details.data.metadata).length > 0 && (
        <details className={big.fold}>
          <summary>{t("metadata")}</summary>
          <dl className={styles.facts}>
            {Object.entries(details.data.metadata).map(([name, text]) => (
              <Fact key={name} name={name}>
                {text.length > 400 ? `${text.slice(0, 400)}…` : text}
              </Fact>
            ))}
          </dl>
        </details>
      )}
    </aside>
  );
}

/** The hash of a file, worked out when it is asked for. */
function Hash({ model }: { model: Model }) {
  const t = useTexts("models");
  const [isBusy, setBusy] = useState(false);
  const { sha256 } = model;
  if (sha256)
    return (
      <span className={styles.path}>
        <code>{sha256}</code>
        <IconButton icon={Copy} label={t("copy hash")} onClick={() => void copyText(sha256, t("copied"))} />
      </span>
    );
  return (
    <Button
      busy={isBusy}
      onClick={() => {
        setBusy(true);
        hashOf(model)
          .catch(sayFailure)
          .finally(() => setBusy(false));
      }}
    >
      {isBusy ? t("hashing") : t("work out")}
    </Button>
  );
}

/** What Create begins with to use a model; null for those that it has no place for. */
function wishOf({ folder, name }: Model): Partial<ImageWish> | null {
  switch (folder) {
    case "checkpoints":
      return { checkpoint: name };
    case "loras":
      return { loras: [{ name, strength: 1 }] };
    case "vae":
      return { vae: name };
    default:
      return null;
  }
}
