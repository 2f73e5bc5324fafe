/** Which control a widget has, from its specification. */

import type { ComponentType } from "react";
import { CURVE } from "@/curve";
import type { InputSpec } from "@/graph/types";
import { isColour } from "@/graph/values";
import { ChoiceWidget } from "./ChoiceWidget";
import { ColourWidget } from "./ColourWidget";
import { CurveWidget } from "./CurveWidget";
import { LineWidget } from "./LineWidget";
import { NumberWidget } from "./NumberWidget";
import { SwitchWidget } from "./SwitchWidget";
import { TextWidget } from "./TextWidget";
import type { WidgetProps } from "./types";

/** The first that fits is taken. */
const CONTROLS: readonly (readonly [
  fits: (spec: InputSpec) => boolean,
  Widget: ComponentType<WidgetProps>,
])[] = [
  [isColour, ColourWidget],
  [({ type }) => type === CURVE, CurveWidget],
  [({ type }) => type === "BOOLEAN", SwitchWidget],
  [({ type, choices, folder }) => type === "COMBO" || choices != null || folder != null, ChoiceWidget],
  [({ type }) => type === "INT" || type === "FLOAT", NumberWidget],
  [({ multiline }) => multiline === true, TextWidget],
];

export function controlFor(spec: InputSpec): ComponentType<WidgetProps> {
  return CONTROLS.find(([fits]) => fits(spec))?.[1] ?? LineWidget;
}
