/** JSON as data: its types, and whole numbers with more digits than a JavaScript number holds. */

export type Json = null | boolean | number | string | Digits | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

/**
 * A whole number above 2^53, such as a 64-bit seed, digit by digit.
 *
 * It shows itself by `String(value)`. `JSON.stringify` writes it as text, which the server reads as the number;
 * `formatJson` writes the bare digits, as the file had them.
 */
export class Digits extends String {}

/** Text as JSON. Whole numbers too large for a JavaScript number come as `Digits`. */
export function parseJson(text: string): Json {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text);
  const marked = text.replace(STRING_OR_NUMBER, (token) =>
    token.startsWith('"') || !isLong(token) ? token : `{"${MARK}":"${token}"}`,
  );
  return JSON.parse(marked, (_, value) => (isMarked(value) ? new Digits(value[MARK]) : value));
}

/** JSON as text, with `Digits` as the numbers they are. */
export function formatJson(value: Json, indent?: number): string {
  let found = false;
  const text = JSON.stringify(
    value,
    (_, part) => {
      if (!(part instanceof Digits)) return part;
      found = true;
      return `${MARK}${part}`;
    },
    indent,
  );
  return found ? text.replace(MARKED_DIGITS, "$1") : text;
}

/** A whole number that a person typed; null where the text is none. */
export function wholeNumber(text: string): number | Digits | null {
  const plain = text.trim();
  if (!/^[+-]?\d+$/.test(plain)) return null;
  return isLong(plain) ? new Digits(BigInt(plain).toString()) : Number(plain);
}

/** Whether two values are equal to the last part. */
export function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (one instanceof String || other instanceof String) {
    return one instanceof String && other instanceof String && String(one) === String(other);
  }
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
    return one.every((part, place) => same(part, other[place]));
  }
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  return names.every((name) => name in other && same(Reflect.get(one, name), Reflect.get(other, name)));
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof String);
}

/** The value if it is an object, else an empty one. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : NOTHING;
}

/** The value if it is a list, else an empty one. */
export function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value : NONE;
}

/** The value if it is a text, else an empty one. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

const NOTHING: JsonObject = {};
const NONE: readonly Json[] = [];
const MARK = "\ue000digits\ue000"; // of a range that no alphabet uses
const LONG_NUMBER = /\d{16}/;
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const MARKED_DIGITS = new RegExp(`"${MARK}(-?\\d+)"`, "g");

function isLong(token: string): boolean {
  return /^[+-]?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token));
}

function isMarked(value: unknown): value is { [MARK]: string } {
  return typeof value === "object" && value !== null && MARK in value;
}
