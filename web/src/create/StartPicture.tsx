import { Brush } from "lucide-react";
import { useState } from "react";
import { upload } from "@/api/client";
import { MaskEditor, type Painted, type PaintingState } from "@/painting";
import { pictureOf } from "@/pictures/picture";
import { useTexts } from "@/texts/texts";
import { attempt, Button, NumberField, Select } from "@/ui";
import { CHANGE, EXTEND, MOST_FEATHER } from "./form";
import { dropMask, startFrom } from "./making";
import { PictureField } from "./PictureField";
import { SuitedNumber } from "./Suited";
import styles from "./settings.module.css";
import { edit, keepPainting, keptPainting, useStudio } from "./store";

/** A picture to begin with: changed as a whole, repainted where it is masked, or continued past its edges. */
export function StartPicture() {
  const t = useTexts("create");
  const { start, mask, denoise, feather, area, outpaint } = useStudio(({ form }) => form);
  const [isPainting, setPainting] = useState(false);
  return (
    <>
      <PictureField
        label={t("start picture")}
        hint={t("start picture about")}
        picture={start}
        onChange={(picture) =>
          picture ? startFrom(picture) : edit({ start: null, mask: null, outpaint: null })
        }
      />
      {start && (
        <>
          <SuitedNumber
            label={t("denoise")}
            hint={t("denoise about")}
            value={denoise}
            suits={t("usual")}
            usual={outpaint ? EXTEND : CHANGE}
            min={0}
            max={1}
            step={0.01}
            slider={[0, 1]}
            onChange={(value) => edit({ denoise: value })}
          />
          <div className={styles.row}>
            <Button icon={Brush} onClick={() => setPainting(true)}>
              {mask || outpaint ? t("go on painting") : t("paint")}
            </Button>
            {(mask || outpaint) && (
              <Button look="quiet" onClick={dropMask}>
                {t("drop mask")}
              </Button>
            )}
          </div>
          {mask && (
            <div className={styles.masked}>
              <img src={start.thumbnail ?? start.url} alt="" />
              <img src={mask.thumbnail ?? mask.url} alt={t("mask")} />
              <span className={styles.hint}>{t("mask about")}</span>
            </div>
          )}
          {outpaint && (
            <p className={styles.hint}>
              {t("outpaint sides", {
                left: outpaint.left,
                top: outpaint.top,
                right: outpaint.right,
                bottom: outpaint.bottom,
              })}
            </p>
          )}
          {(mask || outpaint) && (
            <NumberField
              label={t("feather")}
              hint={t("feather about")}
              value={feather}
              min={0}
              max={MOST_FEATHER}
              slider
              onChange={(value) => edit({ feather: Math.round(value) })}
            />
          )}
          {mask && !outpaint && (
            <Select
              label={t("area")}
              hint={t(`area ${area} about`)}
              value={area}
              options={[
                { value: "whole", label: t("area whole") },
                { value: "masked", label: t("area masked") },
              ]}
              onChange={(value) => edit({ area: value === "masked" ? "masked" : "whole" })}
            />
          )}
        </>
      )}
      {start && isPainting && <Painting onClose={() => setPainting(false)} />}
    </>
  );
}

/** The mask editor over the picture to start from. What is painted is kept at once, and used when it is taken. */
function Painting({ onClose }: { onClose: () => void }) {
  const t = useTexts("create");
  const start = useStudio(({ form }) => form.start);
  const mask = useStudio(({ form }) => form.mask);
  const [size, setSize] = useState(
    start?.width && start.height ? { width: start.width, height: start.height } : null,
  );
  if (!start) return null;
  if (!size)
    return (
      <img
        hidden
        src={start.url}
        alt=""
        onLoad={({ currentTarget: { naturalWidth: width, naturalHeight: height } }) =>
          setSize({ width, height })
        }
        onError={onClose}
      />
    );
  async function take(result: Painted) {
    keepPainting(start?.id ?? "", result.state);
    await attempt(async () => {
      const painted = result.mask && pictureOf(await upload(result.mask, "mask.png"));
      edit({ mask: painted, feather: result.feather, outpaint: result.outpaint });
    });
    onClose();
  }
  const keep = (state: PaintingState) => keepPainting(start.id, state);
  return (
    <MaskEditor
      title={t("paint")}
      image={start.url}
      {...size}
      mask={mask?.url}
      state={keptPainting(start.id)}
      outpaint
      onDone={(result) => void take(result)}
      onChange={keep}
      onClose={(state) => {
        keep(state);
        onClose();
      }}
    />
  );
}
