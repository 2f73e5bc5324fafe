/** The settings of a run, as its JSON schema tells of them: tables of settings, and what each may be. */

import { objectOf } from "@/graph/json";

/** Settings by table and name. */
export type Values = Readonly<Record<string, unknown>>;

export type FieldKind = "switch" | "choice" | "whole" | "number" | "text" | "lines" | "numbers" | "map";

export interface Field {
  /** As messages name it: `run.steps`. */
  readonly path: string;
  readonly name: string;
  readonly kind: FieldKind;
  /** In English, as the server says it. */
  readonly about: string;
  readonly choices: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  /** Whether an empty text stands for nothing at all. */
  readonly isOptional: boolean;
}

export interface Table {
  readonly name: string;
  readonly about: string;
  readonly fields: readonly Field[];
}

/** What is asked elsewhere on the page. */
const ASKED: readonly string[] = ["name", "checkpoint", "data.folder", "data.trigger", "run.steps"];
/** How far an arrow changes a number, where its limits do not say. */
const STEPS: Readonly<Record<string, number>> = { rate: 0.0001, text_rate: 0.0001, weight_decay: 0.01 };
const OF_SHARES = 0.05;
/** Kinds that begin as chance, with no checkpoint. */
const FROM_SCRATCH: readonly string[] = ["denoiser", "vae", "clip"];
/** Tables that count for some kinds of runs only. */
const OF_KINDS: Readonly<Record<string, readonly string[]>> = {
  adapter: ["lora"],
  inversion: ["inversion"],
  full: ["full", "denoiser"],
  denoiser: ["denoiser"],
  vae: ["vae"],
  clip: ["clip"],
  loss: ["lora", "inversion", "full", "controlnet", "denoiser"],
};

/** Whether a kind of run begins with a checkpoint. */
export function hasCheckpoint(kind: string): boolean {
  return !FROM_SCRATCH.includes(kind);
}

/** The kinds of a run. */
export function kindsOf(schema: Values): readonly string[] {
  return words(objectOf(objectOf(schema.properties).kind).enum);
}

/** The tables of settings that a kind of run has, without what is asked elsewhere. */
export function tablesOf(schema: Values, kind: string): readonly Table[] {
  const definitions = objectOf(schema.$defs);
  return Object.entries(objectOf(schema.properties)).flatMap(([name, property]) => {
    const reference = objectOf(property).$ref;
    if (typeof reference !== "string" || OF_KINDS[name]?.includes(kind) === false) return [];
    const table = objectOf(definitions[reference.split("/").at(-1) ?? ""]);
    const fields = Object.entries(objectOf(table.properties))
      .map(([field, told]) => fieldOf(`${name}.${field}`, field, objectOf(told)))
      .filter(({ path }) => !ASKED.includes(path));
    return [{ name, about: text(table.description), fields }];
  });
}

type Told = Readonly<Record<string, unknown>>;

function fieldOf(path: string, name: string, told: Told): Field {
  const [only, isOptional] = unwrapped(told);
  const kind = kindOf(only);
  return {
    path,
    name,
    kind,
    about: text(told.description),
    choices: words(only.enum),
    isOptional,
    ...limits(only, kind, name),
  };
}

/** What a setting is where it is not left out. */
function unwrapped(told: Told): [told: Told, isOptional: boolean] {
  const either = Array.isArray(told.anyOf) ? told.anyOf.map((one) => objectOf(one)) : [];
  const filled = either.find(({ type }) => type !== "null");
  return filled ? [filled, either.length > 1] : [told, false];
}

function kindOf(told: Told): FieldKind {
  if (Array.isArray(told.enum)) return "choice";
  switch (told.type) {
    case "boolean":
      return "switch";
    case "integer":
      return "whole";
    case "number":
      return "number";
    case "array":
      return Array.isArray(told.prefixItems) ? "numbers" : "lines";
    case "object":
      return "map";
    default:
      return "text";
  }
}

/** The limits of a number; one that it may come near but not reach is left to the server. */
function limits(told: Told, kind: FieldKind, name: string): Pick<Field, "min" | "max" | "step"> {
  const { minimum, maximum, multipleOf, exclusiveMinimum } = told;
  const least = typeof minimum === "number" ? minimum : exclusiveMinimum;
  const usual =
    kind === "whole" ? 1 : kind === "number" ? (STEPS[name] ?? (maximum === 1 ? OF_SHARES : 0.1)) : 0;
  const step = typeof multipleOf === "number" ? multipleOf : usual;
  return {
    ...(typeof least === "number" ? { min: least } : {}),
    ...(typeof maximum === "number" ? { max: maximum } : {}),
    ...(step ? { step } : {}),
  };
}

/** A setting by its path; undefined where nothing is said of it. */
export function valueAt(values: Values, path: string): unknown {
  let value: unknown = values;
  for (const part of path.split(".")) value = objectOf(value)[part];
  return value;
}

/** Settings with another value at a path; undefined takes what is said there away. */
export function withValue(values: Values, path: string, value: unknown): Values {
  const [first = "", ...rest] = path.split(".");
  const { [first]: before, ...others } = values;
  if (rest.length === 0) return value === undefined ? others : { ...others, [first]: value };
  const inner = withValue(objectOf(before), rest.join("."), value);
  return Object.keys(inner).length ? { ...others, [first]: inner } : others;
}

/** Settings over others, table by table: what is said last counts. */
export function merged(...layers: readonly Values[]): Values {
  const all: Record<string, unknown> = {};
  for (const [name, value] of layers.flatMap((layer) => Object.entries(layer)))
    all[name] = isTable(value) && isTable(all[name]) ? { ...all[name], ...value } : value;
  return all;
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Settings that differ from others, by path. */
export function differing(
  values: Values,
  usual: Values,
): readonly (readonly [path: string, value: unknown])[] {
  return Object.entries(values).flatMap(([name, value]) => {
    if (!isTable(value)) return [];
    const others = objectOf(usual[name]);
    return Object.entries(value)
      .filter(([field, one]) => JSON.stringify(one) !== JSON.stringify(others[field]))
      .map(([field, one]) => [`${name}.${field}`, one] as const);
  });
}

const ALL = "*"; // how an empty text is written, which stands for all

/** A value as it is typed: lists with one on each line, tables as `name = 8`. */
export function typed(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value))
    return value
      .map((one) => (one === "" ? ALL : String(one)))
      .join(typeof value[0] === "number" ? ", " : "\n");
  if (isTable(value))
    return Object.entries(value)
      .map(([name, one]) => `${name} = ${one}`)
      .join("\n");
  return String(value);
}

/** What was typed, as a value; undefined where it is none. */
export function read(typedText: string, { kind, isOptional }: Pick<Field, "kind" | "isOptional">): unknown {
  const lines = typedText
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  switch (kind) {
    case "lines":
      return lines.map((line) => (line === ALL ? "" : line));
    case "numbers":
      return numbersOf(typedText.split(/[\s,;，；]+/).filter(Boolean));
    case "map":
      return mapOf(lines);
    default:
      return isOptional && typedText.trim() === "" ? null : typedText;
  }
}

function numbersOf(parts: readonly string[]): readonly number[] | undefined {
  const numbers = parts.map(Number);
  return numbers.every(Number.isFinite) ? numbers : undefined;
}

function mapOf(lines: readonly string[]): Readonly<Record<string, number>> | undefined {
  const pairs = lines.map((line) => /^"?([^"=]+?)"?\s*[=:]\s*(\S+)$/.exec(line));
  if (pairs.some((pair) => !pair || !Number.isFinite(Number(pair[2])))) return undefined;
  return Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? "", Number(pair?.[2])]));
}

/** The setting that a refusal names, as in `run.steps: Input should be …`; empty where it names none. */
export function named(message: string): { path: string; why: string } {
  const found = /^([a-z_]+(?:\.[a-z_0-9]+)*): (.+)$/s.exec(message);
  if (!found) return { path: "", why: message };
  const [, path = "", why = ""] = found;
  // of a list the place in it is named too
  return { path: path.split(".").slice(0, 2).join("."), why };
}

function text(value: unknown): string {
  return typeof value === "string" ? value.replace(/\s*\n\s*/g, " ") : "";
}

function words(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
