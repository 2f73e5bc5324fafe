/** Which control a field has, from the specification of its widget. */

import { CURVE } from "@/curve/curve";
import type { InputSpec } from "@/graph/types";
import { isColour } from "@/graph/values";

export type Kind =
  | "prompt"
  | "text"
  | "line"
  | "number"
  | "seed"
  | "switch"
  | "choice"
  | "picture"
  | "colour"
  | "curve"
  | "other";

const LARGE = 2 ** 32; // above it a number is drawn, not set
const MOST_STEPS = 200; // of a range that a slider is of use for

export function kindOf(spec: InputSpec): Kind {
  if (isColour(spec)) return "colour";
  if (spec.type === CURVE) return "curve";
  if (spec.type === "BOOLEAN") return "switch";
  if (spec.upload || spec.folder === "input") return "picture";
  if (spec.type === "COMBO" || spec.choices != null || spec.folder != null) return "choice";
  if (spec.type === "INT" && (spec.maximum ?? 0) > LARGE) return "seed";
  if (spec.type === "INT" || spec.type === "FLOAT") return "number";
  if (spec.type !== "STRING") return "other";
  if (spec.multiline) return spec.dynamic_prompts || spec.mentions ? "prompt" : "text";
  return "line";
}

/** Whether a slider helps: the range is known and short. */
export function hasSlider({ minimum, maximum, step, type }: InputSpec): boolean {
  if (typeof minimum !== "number" || typeof maximum !== "number") return false;
  const steps = (maximum - minimum) / (step ?? (type === "INT" ? 1 : 0.01));
  return steps <= MOST_STEPS;
}

/** Whether two such fields stand side by side: a number that is typed. */
export function isNarrow(spec: InputSpec): boolean {
  return kindOf(spec) === "number" && !hasSlider(spec);
}
