import { Box } from "lucide-react";
import { useEffect, useId } from "react";
import { queries } from "@/api/queries";
import { useLive } from "@/live/jobs";
import { useTexts } from "@/texts/texts";
import { Choice, classes, NumberField, type Option } from "@/ui";
import { newestKey, type TheCheckpoint, usePreviews } from "./checkpoints";
import { askedSize, MOST_PICTURES } from "./form";
import styles from "./settings.module.css";
import { isShape, ratioOf, SHAPES, shapeOf, sizeOf } from "./sizes";
import { edit, useStudio } from "./store";

/** What makes the picture, its shape, and how many are made. */
export function Basics({ checkpoint }: { checkpoint: TheCheckpoint }) {
  const t = useTexts("create");
  const count = useStudio(({ form }) => form.count);
  return (
    <>
      <CheckpointChoice checkpoint={checkpoint} />
      <SizeChoice checkpoint={checkpoint} />
      <NumberField
        label={t("count")}
        value={count}
        min={1}
        max={MOST_PICTURES}
        slider={[1, 8]}
        onChange={(next) => edit({ count: Math.round(next) })}
      />
    </>
  );
}

function CheckpointChoice({ checkpoint }: { checkpoint: TheCheckpoint }) {
  const t = useTexts("create");
  const pictures = usePreviews(checkpoint.models);
  const options: Option[] = checkpoint.models.map(({ name, about }) => ({
    value: name,
    label: name.replace(/\.(safetensors|ckpt|pt|sft)$/, ""),
    about,
    picture: pictures.get(name) ?? null,
  }));
  const picture = pictures.get(checkpoint.name);
  const ended = useLive((live) => live.ended[0]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a job that has ended may have made the first picture
  useEffect(() => {
    if (!picture) void queries.invalidateQueries({ queryKey: newestKey(checkpoint.name) });
  }, [ended]);
  return (
    <div className={styles.checkpoint}>
      <span className={styles.checkpointPicture}>
        {picture ? <img src={picture} alt="" /> : <Box size={20} strokeWidth={1.4} aria-hidden />}
      </span>
      <Choice
        label={t("checkpoint")}
        value={checkpoint.name}
        options={options}
        onChange={(name) => edit({ checkpoint: name })}
        wrong={checkpoint.isMissing ? t("checkpoint missing", { name: checkpoint.name }) : undefined}
      />
    </div>
  );
}

function SizeChoice({ checkpoint: { native } }: { checkpoint: TheCheckpoint }) {
  const t = useTexts("create");
  const id = useId();
  const form = useStudio((studio) => studio.form);
  const { size, start } = form;
  const usual = start?.width && start.height ? { width: start.width, height: start.height } : native;
  const asked = askedSize(form, native);
  const { width, height } = asked ?? usual;
  const shape = size && "shape" in size ? size.shape : shapeOf({ width, height }, native);
  const exact = (side: "width" | "height", value: number) =>
    edit({ size: { width, height, [side]: Math.round(value) } });
  return (
    <fieldset className={styles.sizes}>
      <legend id={id} className={styles.legend}>
        {t("size")}
        {size === null ? (
          <span className={styles.suits}>{start ? t("as the picture") : t("suits")}</span>
        ) : (
          <button
            type="button"
            className={styles.reset}
            aria-label={t("reset of", { label: t("size") })}
            onClick={() => edit({ size: null })}
          >
            {t("reset")}
          </button>
        )}
      </legend>
      <div className={styles.shapes}>
        {SHAPES.map((each) => {
          const ratio = ratioOf(each);
          const box = { width: 18 * Math.min(1, ratio), height: 18 * Math.min(1, 1 / ratio) };
          const is = sizeOf(each, native);
          return (
            <label key={each} className={classes(styles.shape)} title={`${is.width} × ${is.height}`}>
              <input
                type="radio"
                name={id}
                value={each}
                checked={shape === each}
                onChange={({ target }) => isShape(target.value) && edit({ size: { shape: target.value } })}
              />
              <span className={styles.shapeBox} style={box} aria-hidden />
              <span>{each}</span>
            </label>
          );
        })}
      </div>
      <div className={styles.pair}>
        <NumberField
          label={t("width")}
          value={width}
          min={16}
          max={16384}
          step={8}
          onChange={(value) => exact("width", value)}
        />
        <NumberField
          label={t("height")}
          value={height}
          min={16}
          max={16384}
          step={8}
          onChange={(value) => exact("height", value)}
        />
      </div>
    </fieldset>
  );
}
