/** Which input a direction of the grid varies, and over what. */

import { type Json, same, wholeNumber } from "@/graph/json";
import { choicesOf, type Kind, type Setting } from "./workflow";

/** How the values are given. */
export type Way = "list" | "range" | "random" | "choose" | "replace" | "lines";

/** What a person has put in for one direction. What belongs to other ways is kept, so that nothing typed is lost. */
export interface Axis {
  /** Key of a `Setting`. */
  readonly setting: string;
  readonly way: Way;
  readonly list: string;
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly seeds: readonly number[];
  readonly chosen: readonly Json[];
  readonly find: string;
  readonly by: string;
  /** Whether the prompt as it is comes first. */
  readonly keep: boolean;
  readonly lines: string;
}

export interface Value {
  readonly value: Json;
  /** As it stands beside its row or column. */
  readonly label: string;
}

/** Why there are no values, as a key of texts. */
export type Wrong =
  | { readonly why: "no number" | "no whole number"; readonly text: string }
  | { readonly why: "too low" | "too high"; readonly text: string; readonly limit: number }
  | { readonly why: "not in the prompt"; readonly text: string }
  | {
      readonly why: "no values" | "nothing chosen" | "step is zero" | "too many values" | "nothing to find";
    };

export type Values =
  | { readonly values: readonly Value[]; readonly wrong: null }
  | { readonly values: readonly []; readonly wrong: Wrong };

const MOST_VALUES = 1000;

const WAYS: Record<Kind, readonly Way[]> = {
  number: ["list", "range"],
  seed: ["random", "list"],
  choice: ["choose"],
  text: ["replace", "lines"],
  switch: ["choose"],
};

export function waysOf(setting: Setting): readonly Way[] {
  return WAYS[setting.kind];
}

type Files = Readonly<Record<string, readonly string[]>>;

/** An axis over an input, with values around the one it has. */
export function newAxis(setting: Setting, files: Files, rest: Partial<Axis> = {}): Axis {
  const now = typeof setting.value === "number" ? setting.value : 1;
  const numbers = setting.kind === "number" ? around(setting, now) : [1, 2, 3];
  const choices = setting.kind === "switch" ? [false, true] : choicesOf(setting, files);
  const others = choices.filter((choice) => !same(choice, setting.value));
  const text = typeof setting.value === "string" ? setting.value : "";
  const [first = 0, second = first + 1] = numbers;
  return {
    setting: setting.key,
    way: waysOf(setting)[0] ?? "list",
    list: numbers.join(", "),
    from: first,
    to: numbers.at(-1) ?? first,
    step: cleaned(second - first) || 1,
    seeds: randomSeeds(4),
    chosen: setting.kind === "switch" ? choices : [setting.value, ...others.slice(0, 1)],
    find: lastWord(text),
    by: "",
    keep: true,
    lines: text,
    ...rest,
  };
}

/** Four values of a number: lower ones and higher ones, within its limits. */
function around(setting: Setting, now: number): readonly number[] {
  const isWhole = setting.spec?.type === "INT";
  const { minimum, maximum } = setting.spec ?? {};
  if (typeof minimum === "number" && typeof maximum === "number" && maximum - minimum <= 1 && !isWhole)
    return [0.25, 0.5, 0.75, 1].map((share) => cleaned(minimum + share * (maximum - minimum)));
  const made = [0.5, 1, 1.5, 2].map((times) => now * times);
  const limited = made.map((one) => Math.min(maximum ?? one, Math.max(minimum ?? one, one)));
  return [...new Set(limited.map((one) => (isWhole ? Math.round(one) : cleaned(one))))];
}

/** The values of an axis, or why there are none. */
export function valuesOf(axis: Axis, setting: Setting): Values {
  switch (axis.way) {
    case "list":
      return numbersOf(axis.list, setting);
    case "range":
      return rangeOf(axis, setting);
    case "random":
      return axis.seeds.length ? plain(axis.seeds) : bad({ why: "no values" });
    case "choose":
      return axis.chosen.length ? plain(axis.chosen) : bad({ why: "nothing chosen" });
    case "replace":
      return replaced(axis, typeof setting.value === "string" ? setting.value : "");
    case "lines": {
      const lines = axis.lines
        .split("\n")
        .map((line) => line.trim())
        .filter(Boolean);
      return lines.length ? plain(lines) : bad({ why: "no values" });
    }
  }
}

function numbersOf(text: string, setting: Setting): Values {
  const parts = text.split(/[\s,;，、；]+/).filter(Boolean);
  if (parts.length === 0) return bad({ why: "no values" });
  const values: Json[] = [];
  for (const part of parts) {
    const number = wholeNumber(part) ?? (Number.isFinite(Number(part)) ? Number(part) : null);
    if (number === null) return bad({ why: "no number", text: part });
    const wrong = outside(number, setting, part);
    if (wrong) return bad(wrong);
    values.push(number);
  }
  return plain(values);
}

function rangeOf({ from, to, step }: Axis, setting: Setting): Values {
  if (step === 0) return bad({ why: "step is zero" });
  const way = Math.abs(step) * Math.sign(to - from || 1);
  const count = Math.floor(Math.abs(to - from) / Math.abs(step) + 1e-9) + 1;
  if (count > MOST_VALUES) return bad({ why: "too many values" });
  const values = Array.from({ length: count }, (_, place) => cleaned(from + place * way));
  for (const value of values) {
    const wrong = outside(value, setting, String(value));
    if (wrong) return bad(wrong);
  }
  return plain(values);
}

function outside(value: Json, setting: Setting, text: string): Wrong | null {
  const { minimum, maximum, type } = setting.spec ?? {};
  const number = Number(value);
  if (type === "INT" && !Number.isInteger(number)) return { why: "no whole number", text };
  if (typeof minimum === "number" && number < minimum) return { why: "too low", text, limit: minimum };
  if (typeof maximum === "number" && number > maximum) return { why: "too high", text, limit: maximum };
  return null;
}

/** Each of the other words in the place of the one that is looked for: "cat" becomes "dog" and "car". */
function replaced({ find, by, keep }: Axis, text: string): Values {
  if (!find.trim()) return bad({ why: "nothing to find" });
  const pattern = patternOf(find, text);
  if (!pattern) return bad({ why: "not in the prompt", text: find });
  const others = by
    .split(by.includes("\n") ? "\n" : /[,，、]/)
    .map((word) => word.trim())
    .filter(Boolean);
  const values: Value[] = keep ? [{ value: text, label: find }] : [];
  for (const word of others) values.push({ value: text.replace(pattern, () => word), label: word });
  return values.length ? { values: unique(values), wrong: null } : bad({ why: "no values" });
}

/** Finds words as a whole where there are such, so that a cat in a catalogue stays. */
function patternOf(find: string, text: string): RegExp | null {
  const escaped = find.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const whole = new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, "giu");
  const any = new RegExp(escaped, "giu");
  return text.search(whole) >= 0 ? whole : text.search(any) >= 0 ? any : null;
}

/** Axes for another workflow: over the first of its inputs that has the same name and role. */
export function carriedOver(
  axes: readonly Axis[],
  before: readonly Setting[],
  after: readonly Setting[],
): readonly Axis[] {
  const kept: Axis[] = [];
  for (const axis of axes) {
    const old = before.find(({ key }) => key === axis.setting);
    const now = after.find(
      ({ input, kind, role, key }) =>
        old?.input === input &&
        old.kind === kind &&
        old.role === role &&
        !kept.some(({ setting }) => setting === key),
    );
    if (now) kept.push({ ...axis, setting: now.key });
  }
  return kept;
}

/** Seeds below 2^32, which every program can read. */
export function randomSeeds(count: number): readonly number[] {
  return Array.from(crypto.getRandomValues(new Uint32Array(count)));
}

/** Without the last digits that adding floating-point numbers leaves. */
function cleaned(value: number): number {
  return Number(value.toPrecision(10));
}

function lastWord(text: string): string {
  return text.match(/[\p{L}\p{N}-]+/gu)?.at(-1) ?? "";
}

function plain(values: readonly Json[]): Values {
  return { values: unique(values.map((value) => ({ value, label: labelOf(value) }))), wrong: null };
}

function unique(values: readonly Value[]): Value[] {
  return values.filter((one, place) => values.findIndex((other) => same(one.value, other.value)) === place);
}

/** A value in short: files without folder and ending, long texts cut. */
export function labelOf(value: Json): string {
  const text = String(value);
  const file = /^(?:.*[\\/])?([^\\/]+)\.(?:safetensors|sft|ckpt|pth?|bin|gguf)$/.exec(text);
  const short = file?.[1] ?? text;
  return short.length > 80 ? `${short.slice(0, 79)}…` : short;
}

function bad(wrong: Wrong): Values {
  return { values: [], wrong };
}
