/** Numbers in widgets: going on by steps, staying within limits, and how they are written. */

import { Digits, type Json, wholeNumber } from "@/graph/json";
import type { InputSpec } from "@/graph/types";

export type Figure = number | Digits;

export function figureOf(value: Json): Figure {
  if (typeof value === "number" || value instanceof Digits) return value;
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : 0;
  return Number.isFinite(number) ? number : 0;
}

/** The step of a number: what its specification says, else what suits its kind. */
export function stepOf(spec: Pick<InputSpec, "type" | "step">): number {
  return spec.step ?? (spec.type === "INT" ? 1 : 0.01);
}

/** A number so many steps further, within its limits. */
export function stepped(value: Figure, steps: number, spec: InputSpec): Figure {
  const step = stepOf(spec);
  if (value instanceof Digits || (spec.type === "INT" && !Number.isSafeInteger(value))) {
    return limited(whole(BigInt(String(value)) + BigInt(Math.round(steps * step))), spec);
  }
  return limited(tidy(Number(value) + steps * step, spec), spec);
}

/** A number brought within its limits. */
export function limited(value: Figure, { minimum, maximum }: InputSpec): Figure {
  if (typeof minimum === "number" && Number(value) < minimum) return minimum;
  if (typeof maximum === "number" && Number(value) > maximum) {
    return maximum >= 2 ** 64 - 1 ? new Digits("18446744073709551615") : maximum;
  }
  return value;
}

/** What a person typed, as a number of this kind; null where it is none. Plain sums such as `512*2` are worked out. */
export function typed(text: string, spec: InputSpec): Figure | null {
  const plain = text.trim().replace(",", ".");
  const exact = spec.type === "INT" ? wholeNumber(plain) : null;
  if (exact !== null) return limited(exact, spec);
  const number = worked(plain);
  if (number === null) return null;
  return limited(tidy(spec.type === "INT" ? Math.round(number) : number, spec), spec);
}

/** How a number is shown. */
export function written(value: Figure, spec: InputSpec): string {
  if (value instanceof Digits || spec.type === "INT") return String(value);
  const places = Math.min(2, placesOf(spec));
  const text = String(tidy(value, spec));
  return text.includes(".") ? text : value.toFixed(places);
}

/** Without the noise of binary fractions. */
function tidy(value: number, spec: InputSpec): number {
  if (spec.type === "INT") return value;
  return Number(value.toFixed(Math.max(6, placesOf(spec))));
}

function placesOf(spec: InputSpec): number {
  const text = String(stepOf(spec));
  return text.includes("e-") ? Number(text.split("e-")[1]) : (text.split(".")[1]?.length ?? 0);
}

function whole(value: bigint): Figure {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : new Digits(value.toString());
}

function worked(text: string): number | null {
  const sum = /^(-?[\d.]+)\s*([-+*/])\s*(-?[\d.]+)$/.exec(text);
  const [one, other] = [Number(sum?.[1] ?? text), Number(sum?.[3] ?? 0)];
  if (text === "" || !Number.isFinite(one) || !Number.isFinite(other)) return null;
  switch (sum?.[2]) {
    case "+":
      return one + other;
    case "-":
      return one - other;
    case "*":
      return one * other;
    case "/":
      return other === 0 ? null : one / other;
    default:
      return one;
  }
}

/** Whether a widget is for a colour: the specification's type or name says so. */
export function isColour(spec: InputSpec): boolean {
  if (spec.type === "COLOR") return true;
  const isNamed = /(^|_)colou?r$/i.test(spec.name);
  return isNamed && (spec.type === "STRING" || (spec.type === "INT" && spec.maximum === 0xffffff));
}

export function hexOf(value: Json): string {
  if (typeof value === "number") return `#${value.toString(16).padStart(6, "0").slice(-6)}`;
  return typeof value === "string" && /^#[0-9a-f]{6}$/i.test(value) ? value : "#000000";
}
