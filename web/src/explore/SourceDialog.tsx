import { useQuery } from "@tanstack/react-query";
import { FileUp } from "lucide-react";
import { useState } from "react";
import { api, type Failure, failure, got } from "@/api/client";
import { useTexts } from "@/texts/texts";
import { Button, cardClass, classes, Dialog, Spinner, Tabs, TextArea, Trouble, useFiles } from "@/ui";
import { start } from "./actions";
import styles from "./dialogs.module.css";
import shared from "./explore.module.css";
import {
  type Base,
  baseOfFile,
  baseOfPicture,
  baseOfSaved,
  baseOfTemplate,
  baseOfWords,
  gridIn,
} from "./requests";
import { planAgain } from "./store";

type Source = "pictures" | "words" | "saved" | "templates" | "file";
const SOURCES: readonly Source[] = ["pictures", "words", "saved", "templates", "file"];

/** Where a grid can start from. */
export function SourceDialog({ onClose }: { onClose: () => void }) {
  const t = useTexts("explore");
  const [source, setSource] = useState<Source>("pictures");
  const [isBusy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<Failure | null>(null);
  async function take(reading: () => Promise<Base>, file?: File) {
    setBusy(true);
    setWrong(null);
    try {
      const grid = file && (await gridIn(file));
      await start(await reading());
      if (grid) planAgain(grid.axes, grid.fixed);
      onClose();
    } catch (error) {
      setWrong(failure(error));
      setBusy(false);
    }
  }
  return (
    <Dialog title={t("choose start")} size="wide" onClose={onClose}>
      <Tabs
        label={t("start from")}
        tabs={SOURCES.map((value) => ({ value, label: t(value) }))}
        value={source}
        onChange={setSource}
      >
        <div className={styles.source} aria-busy={isBusy}>
          {wrong && <Trouble failure={wrong} />}
          {source === "pictures" && <Pictures onTake={take} />}
          {source === "words" && <FromWords isBusy={isBusy} onTake={take} />}
          {source === "saved" && <Saved onTake={take} />}
          {source === "templates" && <Templates onTake={take} />}
          {source === "file" && <FromFile isBusy={isBusy} onTake={take} />}
        </div>
      </Tabs>
    </Dialog>
  );
}

interface Taking {
  onTake: (reading: () => Promise<Base>, file?: File) => void;
}

function Pictures({ onTake }: Taking) {
  const t = useTexts("explore");
  const { data } = useQuery({
    queryKey: ["assets", "explore"],
    queryFn: () =>
      got(api.GET("/api/v1/assets", { params: { query: { folder: "output", kind: "images", limit: 60 } } })),
  });
  if (!data) return <Spinner label={t("loading base")} />;
  if (data.assets.length === 0) return <p className={shared.about}>{t("no pictures")}</p>;
  return (
    <ul className={styles.pictures}>
      {data.assets.map((asset) => (
        <li key={asset.id}>
          <button
            type="button"
            className={styles.pick}
            aria-label={asset.prompt || asset.path}
            title={asset.prompt || asset.path}
            onClick={() => onTake(() => baseOfPicture(asset))}
          >
            {asset.thumbnail && <img src={`${asset.thumbnail}?size=256`} alt="" loading="lazy" />}
          </button>
        </li>
      ))}
    </ul>
  );
}

function FromWords({ isBusy, onTake }: Taking & { isBusy: boolean }) {
  const t = useTexts("explore");
  const [words, setWords] = useState("");
  return (
    <form
      className={styles.stack}
      onSubmit={(event) => {
        event.preventDefault();
        onTake(() => baseOfWords(words));
      }}
    >
      <TextArea label={t("words label")} rows={3} value={words} onChange={setWords} />
      <div>
        <Button look="primary" type="submit" busy={isBusy} disabled={!words.trim()}>
          {t("use words")}
        </Button>
      </div>
    </form>
  );
}

function Saved({ onTake }: Taking) {
  const t = useTexts("explore");
  const { data } = useQuery({
    queryKey: ["workflows", "explore"],
    queryFn: () => got(api.GET("/api/v1/workflows", { params: { query: { limit: 200 } } })),
  });
  if (!data) return <Spinner label={t("loading base")} />;
  if (data.workflows.length === 0) return <p className={shared.about}>{t("no saved")}</p>;
  return (
    <ul className={styles.stack}>
      {data.workflows.map(({ id, name, updated }) => (
        <li key={id}>
          <button
            type="button"
            className={classes(cardClass, styles.entry)}
            onClick={() => onTake(() => baseOfSaved(id, name))}
          >
            <span>{name}</span>
            <span className={shared.small}>{new Date(updated * 1000).toLocaleString()}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Templates({ onTake }: Taking) {
  const t = useTexts("explore");
  const { data } = useQuery({
    queryKey: ["templates"],
    queryFn: () => got(api.GET("/api/v1/templates")),
  });
  if (!data) return <Spinner label={t("loading base")} />;
  return (
    <ul className={styles.templates}>
      {data.templates.map(({ name, about, picture }) => {
        const title = name.charAt(0).toUpperCase() + name.slice(1).replaceAll("-", " ");
        return (
          <li key={name}>
            <button
              type="button"
              className={classes(cardClass, styles.entry)}
              onClick={() => onTake(() => baseOfTemplate(name, title))}
            >
              {picture && <img className={styles.templatePicture} src={picture} alt="" loading="lazy" />}
              <span>{title}</span>
              <span className={shared.small}>{about}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function FromFile({ isBusy, onTake }: Taking & { isBusy: boolean }) {
  const t = useTexts("explore");
  const { choose, input } = useFiles(([file]) => {
    if (file) onTake(() => baseOfFile(file), file);
  }, ".json,.png,.webp,.jpg,.jpeg,.txt");
  return (
    <div className={styles.stack}>
      <p className={shared.about}>{t("file about")}</p>
      <input {...input} aria-label={t("file")} />
      <div>
        <Button icon={FileUp} busy={isBusy} onClick={choose}>
          {t("open file")}
        </Button>
      </div>
    </div>
  );
}
