import { ChevronLeft, ChevronRight } from "lucide-react";
import { type DragEvent, useState } from "react";
import { useTexts } from "@/texts/texts";
import { classes, IconButton } from "@/ui";
import styles from "./big.module.css";
import type { Looking } from "./useLook";
import { ZoomPicture } from "./ZoomPicture";
import { placed, type Size } from "./zoom";

/** A picture that is looked at closely, with buttons and swipes to its neighbours where it has some. */
export function BigPicture({
  url,
  alt,
  width,
  height,
  under,
  looking: { look, onLook },
  onDragStart,
  neighbours,
}: {
  url: string;
  alt: string;
  /** In pixels, where they are known before the picture is there. */
  width?: number | null;
  height?: number | null;
  /** URL of a small one, for as long as the picture is on its way. */
  under?: string | undefined;
  looking: Looking;
  onDragStart?: (event: DragEvent) => void;
  neighbours?: { hasBefore: boolean; hasNext: boolean; onStep: (step: 1 | -1) => void };
}) {
  const t = useTexts("pictures");
  const [measured, setMeasured] = useState<Size>({ width: 1, height: 1 });
  const size = width && height ? { width, height } : measured;
  return (
    <div className={styles.stage}>
      <ZoomPicture picture={size} look={look} onLook={onLook} onSwipe={neighbours?.onStep}>
        {(shown, at) => (
          <img
            key={url}
            className={classes(styles.picture, (shown.width / size.width) * at.scale > 8 && styles.coarse)}
            src={url}
            alt={alt}
            style={{ ...placed(shown, at), backgroundImage: under ? `url("${under}")` : undefined }}
            draggable={onDragStart !== undefined && at.scale === 1}
            onDragStart={onDragStart}
            onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
              setMeasured({ width: naturalWidth, height: naturalHeight })
            }
          />
        )}
      </ZoomPicture>
      {neighbours && (
        <>
          <span className={styles.before}>
            <IconButton
              icon={ChevronLeft}
              look="plain"
              label={t("previous")}
              shortcut="←"
              disabled={!neighbours.hasBefore}
              onClick={() => neighbours.onStep(-1)}
            />
          </span>
          <span className={styles.after}>
            <IconButton
              icon={ChevronRight}
              look="plain"
              label={t("next")}
              shortcut="→"
              disabled={!neighbours.hasNext}
              onClick={() => neighbours.onStep(1)}
            />
          </span>
        </>
      )}
    </div>
  );
}
