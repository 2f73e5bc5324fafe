import { useEffect, useState } from "react";
import { MaskEditor, maskedCopy, maskedName, type Painted, type PaintingState } from "@/painting";
import { pictureUrl } from "@/pictures/picture";
import { texts, useTexts } from "@/texts/texts";
import { say } from "@/ui";
import { keepPainted, paintedOf } from "./painted";

/** Paints the mask of a picture: it becomes the transparency of a copy of the file. */
export function MaskOf({
  name,
  folder,
  onDone,
  onClose,
}: {
  name: string;
  folder: string;
  /** Given the copy; it resolves to its name in the folder, or to null where it did not get there. */
  onDone: (file: Blob, name: string) => Promise<string | null>;
  onClose: () => void;
}) {
  const t = useTexts("form");
  const [{ original, state }] = useState(() => paintedOf(name));
  const url = pictureUrl(original, folder);
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  useEffect(() => {
    const image = new Image();
    image.onload = () => setSize({ width: image.naturalWidth, height: image.naturalHeight });
    image.onerror = () => {
      say(texts("form")("no picture", { name: original }), { kind: "bad" });
      onClose();
    };
    image.src = url;
  }, [url, original, onClose]);
  if (!size) return null;

  async function done(result: Painted) {
    onClose();
    const copy = size && (await maskedCopy(url, size, result));
    const made = copy && (await onDone(copy, maskedName(original)));
    if (made) keepPainted(made, original, result.state);
  }

  return (
    <MaskEditor
      title={t("paint mask")}
      image={url}
      {...size}
      state={state}
      onDone={(result) => void done(result)}
      onClose={(held: PaintingState) => {
        keepPainted(name, original, held);
        onClose();
      }}
    />
  );
}
