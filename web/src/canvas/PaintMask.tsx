import { useEffect, useState } from "react";
import { setProperty, setValue } from "@/graph/edit";
import { objectOf, textOf } from "@/graph/json";
import { MaskEditor, maskedCopy, maskedName, type Painted, type PaintingState } from "@/painting";
import { pictureUrl } from "@/pictures/picture";
import { texts, useTexts } from "@/texts/texts";
import { say } from "@/ui";
import { asked } from "./asking";
import { edit, nodeOf, useDesk } from "./desk";
import { bring } from "./widgets/files";

/** Of which file a painted one was made, in the node's properties. */
const PAINTED = "safelight_painted";
const states = new Map<string, PaintingState>();

/** Paints the mask of a picture that a node loads: it becomes the transparency of a copy of the file. */
export function PaintMask({ node, widget }: { node: string; widget: string }) {
  const t = useTexts("canvas");
  const its = useDesk((state) => nodeOf(state, node));
  const name = textOf(its?.values[widget]);
  const before = objectOf(its?.properties[PAINTED]);
  const original = textOf(before.made) === name && textOf(before.from) ? textOf(before.from) : name;
  const url = pictureUrl(original, "input");
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  useEffect(() => {
    const image = new Image();
    image.onload = () => setSize({ width: image.naturalWidth, height: image.naturalHeight });
    image.onerror = () => {
      say(texts("canvas")("no picture", { name: original }), { kind: "bad" });
      asked();
    };
    image.src = url;
  }, [url, original]);
  if (!its || !size) return null;

  async function done(result: Painted) {
    if (!size) return;
    states.set(original, result.state);
    asked();
    const file = await maskedCopy(url, size, result);
    const made = file && (await bring(file, maskedName(original)));
    if (made === null) return;
    edit("did paint", (doc, path) =>
      setProperty(setValue(doc, path, node, widget, made), path, node, PAINTED, { from: original, made }),
    );
  }

  return (
    <MaskEditor
      title={t("paint mask")}
      image={url}
      width={size.width}
      height={size.height}
      state={states.get(original) ?? null}
      onDone={(result) => void done(result)}
      onClose={(state) => {
        states.set(original, state);
        asked();
      }}
    />
  );
}
