import { Brush, ImageUp } from "lucide-react";
import { useCallback, useId, useState } from "react";
import { type Failure, failure, upload } from "@/api/client";
import { nodesQuery, queries } from "@/api/queries";
import { pictureUrl } from "@/pictures/picture";
import { useTexts } from "@/texts/texts";
import {
  Button,
  Choice,
  classes,
  FieldNote,
  fieldClass,
  hasFiles,
  labelClass,
  Spinner,
  Trouble,
  useDrop,
  useFiles,
} from "@/ui";
import { useOptions } from "./choices";
import type { ControlProps } from "./FieldControl";
import styles from "./fields.module.css";
import { MaskOf } from "./MaskOf";

/** A picture: dropped, brought from a file, or one of those that are there; with a mask painted on it. */
export function PictureControl({ label, hint, wrong, spec, value, files, onChange }: ControlProps) {
  const t = useTexts("form");
  const id = useId();
  const [isBusy, setBusy] = useState(false);
  const [broken, setBroken] = useState("");
  const [isPainting, setPainting] = useState(false);
  const [trouble, setTrouble] = useState<Failure | null>(null);
  const folder = spec.folder ?? "input";
  const options = useOptions({ ...spec, folder }, files);
  const name = typeof value === "string" ? value : "";
  const url = name && pictureUrl(name, folder);
  const stopPainting = useCallback(() => setPainting(false), []);

  async function bring(file: Blob | undefined, fileName: string): Promise<string | null> {
    if (!file) return null;
    setBusy(true);
    setTrouble(null);
    try {
      const { path } = await upload(file, fileName);
      onChange({ value: path });
      void queries.invalidateQueries({ queryKey: nodesQuery.queryKey });
      return path;
    } catch (error) {
      setTrouble(failure(error));
      return null;
    } finally {
      setBusy(false);
    }
  }

  const first = (brought: readonly File[]) => {
    const file = brought.find(({ type }) => type.startsWith("image/"));
    void bring(file, file?.name ?? "");
  };
  const { isOver, drop } = useDrop(hasFiles, (data) => first([...data.files]));
  const { choose, input } = useFiles(first);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a drop area everywhere
    <div role="group" aria-labelledby={id} className={fieldClass}>
      <span id={id} className={labelClass}>
        {label}
      </span>
      <div className={classes(styles.picture, isOver && styles.over)} {...drop}>
        {isBusy ? (
          <Spinner label={t("bringing")} />
        ) : url && broken !== url ? (
          <img key={url} src={url} alt={name} onError={() => setBroken(url)} />
        ) : (
          <p>
            <ImageUp size={22} aria-hidden />
            {url ? t("no picture", { name }) : t("drop picture")}
          </p>
        )}
      </div>
      <div className={styles.row}>
        <Button icon={ImageUp} disabled={isBusy} onClick={choose}>
          {t("choose file")}
        </Button>
        {url && broken !== url && (
          <Button icon={Brush} disabled={isBusy} onClick={() => setPainting(true)}>
            {t("paint mask")}
          </Button>
        )}
        <div className={styles.grow}>
          <Choice
            label={t("one there", { label })}
            bare
            value={name}
            options={options}
            placeholder={t("one there short")}
            onChange={(next) => onChange({ value: next })}
          />
        </div>
      </div>
      <FieldNote hint={hint} wrong={wrong} />
      {trouble && <Trouble failure={trouble} />}
      <input {...input} aria-label={label} />
      {isPainting && url && <MaskOf name={name} folder={folder} onDone={bring} onClose={stopPainting} />}
    </div>
  );
}
