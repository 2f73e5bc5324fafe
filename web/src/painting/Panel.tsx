import { ArrowDown, ArrowUp, Eye, EyeOff, Plus, Trash2 } from "lucide-react";
import { useTexts } from "@/texts/texts";
import { Button, IconButton, NumberField } from "@/ui";
import type { Size } from "./geometry";
import { layerAdded, layerMoved, layerRemoved, MOST_LAYERS, withLayer } from "./layers";
import { isWidened, LARGEST, NO_SIDES, type Side, wholeSize, widened } from "./outpaint";
import styles from "./painting.module.css";
import type { PaintingWork } from "./usePainting";

const MOST_FEATHER = 64; // as the server takes it
const SIDES: readonly Side[] = ["left", "right", "top", "bottom"];

/** Layers, the softness of the edge, and what is added around the picture. */
export function Panel({ work, size, outpaint }: { work: PaintingWork; size: Size; outpaint: boolean }) {
  const t = useTexts("painting");
  const { painting, change, adjust } = work;
  const whole = wholeSize(size, painting.outpaint);
  return (
    <>
      <section aria-label={t("layers")}>
        <div className={styles.head}>
          <h3>{t("layers")}</h3>
          <IconButton
            icon={Plus}
            label={t("add layer")}
            disabled={painting.layers.length >= MOST_LAYERS}
            onClick={() => change(layerAdded)}
          />
        </div>
        <ul className={styles.layers}>
          {painting.layers.toReversed().map((layer, place) => {
            const name = t("layer", { n: layer.id });
            const isActive = layer.id === painting.active;
            return (
              <li key={layer.id} className={styles.layer} data-active={isActive || undefined}>
                <div className={styles.row}>
                  <IconButton
                    icon={layer.visible ? Eye : EyeOff}
                    label={t(layer.visible ? "hide" : "show", { name })}
                    onClick={() => change((held) => withLayer(held, layer.id, { visible: !layer.visible }))}
                  />
                  <button
                    type="button"
                    className={styles.name}
                    aria-pressed={isActive}
                    onClick={() => adjust((held) => ({ ...held, active: layer.id }))}
                  >
                    {name}
                    {!layer.visible && <small>{t("hidden")}</small>}
                  </button>
                  <IconButton
                    icon={ArrowUp}
                    label={t("up", { name })}
                    disabled={place === 0}
                    onClick={() => change((held) => layerMoved(held, layer.id, 1))}
                  />
                  <IconButton
                    icon={ArrowDown}
                    label={t("down", { name })}
                    disabled={place === painting.layers.length - 1}
                    onClick={() => change((held) => layerMoved(held, layer.id, -1))}
                  />
                  <IconButton
                    icon={Trash2}
                    label={t("delete", { name })}
                    onClick={() => change((held) => layerRemoved(held, layer.id))}
                  />
                </div>
                {isActive && (
                  <label className={styles.opacity}>
                    <span>{t("opacity")}</span>
                    <input
                      type="range"
                      min={0.1}
                      max={1}
                      step={0.05}
                      value={layer.opacity}
                      onChange={(event) => {
                        const opacity = Number(event.target.value);
                        adjust((held) => withLayer(held, layer.id, { opacity }));
                      }}
                    />
                  </label>
                )}
              </li>
            );
          })}
        </ul>
        <p className={styles.about}>{t("layers about")}</p>
      </section>
      <section aria-label={t("feather")}>
        <NumberField
          label={t("feather")}
          hint={t("feather about")}
          value={painting.feather}
          min={0}
          max={MOST_FEATHER}
          slider
          onChange={(value) => change((held) => ({ ...held, feather: Math.round(value) }), "feather")}
        />
      </section>
      {outpaint && (
        <section aria-label={t("outpaint")}>
          <div className={styles.head}>
            <h3>{t("outpaint")}</h3>
            {isWidened(painting.outpaint) && (
              <Button look="quiet" onClick={() => change((held) => ({ ...held, outpaint: NO_SIDES }))}>
                {t("reset")}
              </Button>
            )}
          </div>
          <div className={styles.sides}>
            {SIDES.map((side) => (
              <NumberField
                key={side}
                label={t(side)}
                value={painting.outpaint[side]}
                min={0}
                max={LARGEST}
                step={8}
                onChange={(value) =>
                  change((held) => ({ ...held, outpaint: widened(held.outpaint, side, value, size) }), side)
                }
              />
            ))}
          </div>
          <p className={styles.about}>
            {t(isWidened(painting.outpaint) ? "whole size" : "outpaint about", { ...whole })}
          </p>
        </section>
      )}
    </>
  );
}
