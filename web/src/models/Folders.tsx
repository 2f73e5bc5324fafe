import { useQuery } from "@tanstack/react-query";
import { ChevronDown, ChevronRight, Copy } from "lucide-react";
import { useState } from "react";
import { useTexts } from "@/texts/texts";
import { Button, copyText, IconButton } from "@/ui";
import styles from "./models.module.css";
import { placesQuery } from "./requests";

/** What is said of folders; one that is new to the server is shown by its name. */
const KNOWN = [
  "checkpoints",
  "loras",
  "vae",
  "embeddings",
  "controlnet",
  "upscale_models",
  "ipadapter",
  "clip_vision",
  "text_encoders",
  "diffusion_models",
  "style_models",
  "hypernetworks",
  "annotators",
  "vae_approx",
  "gligen",
  "photomaker",
  "diffusers",
  "configs",
  "classifiers",
  "model_patches",
  "audio_encoders",
] as const;
type Known = (typeof KNOWN)[number];

export function isKnown(folder: string): folder is Known {
  return (KNOWN as readonly string[]).includes(folder);
}

/** A folder in the person's words. */
export function useFolderName(): (folder: string) => string {
  const t = useTexts("models");
  return (folder) => (isKnown(folder) ? t(folder) : folder);
}

/** The folders: those with files first, the empty ones on demand. */
export function Folders({
  folders,
  chosen,
  onChoose,
}: {
  folders: readonly { name: string; count: number }[];
  chosen: string;
  onChoose: (folder: string) => void;
}) {
  const t = useTexts("models");
  const nameOf = useFolderName();
  const [isWhole, setWhole] = useState(false);
  const rank = (name: string) => (isKnown(name) ? KNOWN.indexOf(name) : KNOWN.length);
  const sorted = [...folders].sort((one, other) => rank(one.name) - rank(other.name));
  const empty = sorted.filter(({ count }) => count === 0);
  const isChosenEmpty = empty.some(({ name }) => name === chosen);
  const total = folders.reduce((sum, { count }) => sum + count, 0);
  const entry = ({ name, count }: { name: string; count: number }) => (
    <li key={name}>
      <button
        type="button"
        className={styles.folder}
        aria-pressed={chosen === name}
        onClick={() => onChoose(name)}
      >
        <span>{name ? nameOf(name) : t("all models")}</span>
        <small>{count}</small>
      </button>
    </li>
  );
  return (
    <nav className={styles.folders} aria-label={t("folders")}>
      <ul>
        {entry({ name: "", count: total })}
        {sorted.filter(({ count }) => count > 0).map(entry)}
      </ul>
      {empty.length > 0 && (
        <Button
          look="quiet"
          icon={isWhole || isChosenEmpty ? ChevronDown : ChevronRight}
          aria-expanded={isWhole || isChosenEmpty}
          onClick={() => setWhole(!isWhole)}
        >
          {t("empty folders", { n: empty.length })}
        </Button>
      )}
      {(isWhole || isChosenEmpty) && <ul>{empty.map(entry)}</ul>}
    </nav>
  );
}

/** What belongs into a folder, and where it lies. */
export function Where({ folder }: { folder: Known }) {
  const t = useTexts("models");
  const paths = useQuery(placesQuery).data?.find((place) => place.folder === folder)?.paths ?? [];
  const [first] = paths;
  return (
    <div className={styles.where}>
      <p>{t(`about ${folder}`)}</p>
      {first && (
        <p className={styles.path}>
          <span>{t("put files into")}</span> <code>{first}</code>
          <IconButton icon={Copy} label={t("copy path")} onClick={() => void copyText(first, t("copied"))} />
        </p>
      )}
    </div>
  );
}
