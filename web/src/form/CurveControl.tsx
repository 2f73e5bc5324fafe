import { Spline } from "lucide-react";
import { CurveField, curveOf, STRAIGHT } from "@/curve";
import { useTexts } from "@/texts/texts";
import { Button, FieldNote, fieldClass, labelClass } from "@/ui";
import type { ControlProps } from "./FieldControl";

/** A curve to draw; of one that may be left out, a button that begins it. */
export function CurveControl({ label, hint, wrong, spec, value, onChange }: ControlProps) {
  const t = useTexts("canvas");
  const curve = curveOf(value);
  const usual = curveOf(spec.default ?? null);
  const isOptional = !usual && spec.required === false;
  return (
    <div className={fieldClass}>
      {curve ? (
        <CurveField
          label={label}
          value={curve}
          usual={usual ?? STRAIGHT}
          wrong={wrong !== undefined}
          ink={spec.name}
          onChange={(next) => onChange({ value: next })}
          {...(isOptional ? { onRemove: () => onChange({ value: null }) } : {})}
        />
      ) : (
        <>
          <p className={labelClass}>{label}</p>
          <div>
            <Button icon={Spline} onClick={() => onChange({ value: usual ?? STRAIGHT })}>
              {t("curve draw")}
            </Button>
          </div>
        </>
      )}
      <FieldNote hint={hint} wrong={wrong} />
    </div>
  );
}
