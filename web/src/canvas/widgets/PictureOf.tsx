import { Brush, ImageUp } from "lucide-react";
import { useState } from "react";
import { setValue } from "@/graph/edit";
import type { Json } from "@/graph/json";
import type { Port } from "@/graph/types";
import { pictureUrl } from "@/pictures/picture";
import { useTexts } from "@/texts/texts";
import { hasFiles, useDrop, useFiles } from "@/ui";
import { ask } from "../asking";
import { edit } from "../desk";
import { shownName } from "../names";
import { bring } from "./files";
import styles from "./widgets.module.css";

/** The picture that a widget names, where another is put by dropping it, and where its mask is painted. */
export function PictureOf({
  node,
  port,
  value,
  style,
}: {
  node: string;
  port: Port;
  value: Json;
  style: { top: number; height: number };
}) {
  const t = useTexts("canvas");
  const [isBusy, setBusy] = useState(false);
  const name = typeof value === "string" ? value : "";

  async function take(files: readonly File[]) {
    const picture = files.find((one) => one.type.startsWith("image/"));
    if (!picture) return;
    setBusy(true);
    const path = await bring(picture, picture.name);
    setBusy(false);
    if (path !== null) {
      edit("did set", (doc, at) => setValue(doc, at, node, port.name, path), {
        params: { name: shownName(port.name) },
      });
    }
  }

  const { isOver, drop } = useDrop(hasFiles, ({ files }) => void take([...files]));
  const { choose, input } = useFiles((files) => void take(files));
  return (
    <div
      className={styles.pictureOf}
      style={style}
      data-over={isOver || undefined}
      data-busy={isBusy || undefined}
      {...drop}
    >
      {name ? (
        <img key={name} src={pictureUrl(name, port.spec?.folder ?? "input")} alt={name} draggable={false} />
      ) : (
        <p>{t("drop a picture")}</p>
      )}
      <div className={`${styles.pictureTools} nodrag`}>
        <button
          type="button"
          aria-label={t("choose a picture")}
          title={t("choose a picture")}
          onClick={choose}
        >
          <ImageUp size={15} aria-hidden />
        </button>
        {name && (
          <button
            type="button"
            aria-label={t("paint mask")}
            title={t("paint mask")}
            onClick={() => ask({ kind: "paint", node, widget: port.name })}
          >
            <Brush size={15} aria-hidden />
          </button>
        )}
      </div>
      <input {...input} aria-label={t("choose a picture")} />
    </div>
  );
}
