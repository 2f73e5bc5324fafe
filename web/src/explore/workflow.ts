/** A workflow in the API format as the grid sees it: nodes with inputs, of which those that are not linked can vary. */

import { Digits, isObject, type Json } from "@/graph/json";
import type { Catalog, InputSpec } from "@/graph/types";
import { said } from "@/texts/said";

export interface Call {
  readonly class_type: string;
  readonly inputs: Readonly<Record<string, Json>>;
  readonly _meta?: { readonly title?: string };
}

export type ApiWorkflow = Readonly<Record<string, Call>>;

/** A value for an input of a node. */
export interface Change {
  readonly node: string;
  readonly input: string;
  readonly value: Json;
}

export type Kind = "number" | "seed" | "choice" | "text" | "switch";

/** An input that has a value of its own. */
export interface Setting {
  /** Says which one it is, as long as the workflow stays the same. */
  readonly key: string;
  readonly node: string;
  readonly input: string;
  readonly kind: Kind;
  /** Title of its node. */
  readonly title: string;
  /** Which prompt a text is; empty where it is none, or both. */
  readonly role: "positive" | "negative" | "";
  readonly value: Json;
  readonly spec: InputSpec | null;
}

const NUMBERS = new Set(["INT", "FLOAT"]);
const SEEDS = new Set(["seed", "noise_seed"]);
/** What people vary most comes first in lists. */
const FIRST = [
  "steps",
  "cfg",
  "sampler_name",
  "scheduler",
  "seed",
  "noise_seed",
  "denoise",
  "text",
  "ckpt_name",
  "unet_name",
  "lora_name",
  "strength_model",
  "strength",
  "guidance",
  "width",
  "height",
];

/** The workflow that JSON is; null where it is none. */
export function apiWorkflowOf(value: unknown): ApiWorkflow | null {
  if (!isObject(value)) return null;
  const calls = Object.values(value);
  const fits = calls.every(
    (call) => isObject(call) && typeof call.class_type === "string" && isObject(call.inputs),
  );
  return fits && calls.length > 0 ? (value as unknown as ApiWorkflow) : null;
}

export function isLink(value: Json | undefined): value is [string, number] {
  return Array.isArray(value) && value.length === 2 && typeof value[1] === "number";
}

/** All inputs that can vary, those that people vary most first. */
export function settingsOf(workflow: ApiWorkflow, catalog: Catalog): readonly Setting[] {
  const roles = rolesOf(workflow);
  const found: Setting[] = [];
  for (const [node, call] of Object.entries(workflow)) {
    const spec = catalog.get(call.class_type);
    for (const [input, value] of Object.entries(call.inputs)) {
      const port = spec?.inputs.find(({ name }) => name === input) ?? spec?.further ?? null;
      const kind = kindOf(input, value, port);
      if (kind === null) continue;
      const title = said().made(call._meta?.title ?? "") || said().title(spec?.title ?? call.class_type);
      const role = kind === "text" ? (roles.get(node) ?? "") : "";
      found.push({ key: `${node}/${input}`, node, input, kind, title, role, value, spec: port });
    }
  }
  const rank = ({ input, role }: Setting) => {
    const place = FIRST.indexOf(input);
    return place < 0 ? FIRST.length + 1 : place + (role === "negative" ? 0.5 : 0);
  };
  return found.sort((one, other) => rank(one) - rank(other));
}

function kindOf(input: string, value: Json, spec: InputSpec | null): Kind | null {
  if (isLink(value) || value === null) return null;
  if (typeof value === "object" && !(value instanceof Digits)) return null;
  if (spec?.choices || spec?.folder) return "choice";
  if (SEEDS.has(input) || spec?.control_after_generate) return "seed";
  if (typeof value === "boolean") return "switch";
  if (typeof value === "number" || value instanceof Digits || NUMBERS.has(spec?.type ?? "")) return "number";
  return typeof value === "string" ? "text" : null;
}

/** Nodes whose text is led into a `positive` or a `negative` input. */
function rolesOf(workflow: ApiWorkflow): ReadonlyMap<string, "positive" | "negative"> {
  const reached = { positive: new Set<string>(), negative: new Set<string>() };
  for (const side of ["positive", "negative"] as const) {
    const open = Object.values(workflow).flatMap((call) => linkedTo(call, side));
    while (open.length) {
      const node = open.pop() ?? "";
      const call = workflow[node];
      if (!call || reached[side].has(node)) continue;
      reached[side].add(node);
      if (isLink(call.inputs.positive) || isLink(call.inputs.negative)) open.push(...linkedTo(call, side));
      else open.push(...Object.keys(call.inputs).flatMap((input) => linkedTo(call, input)));
    }
  }
  const roles = new Map<string, "positive" | "negative">();
  for (const node of Object.keys(workflow)) {
    const [positive, negative] = [reached.positive.has(node), reached.negative.has(node)];
    if (positive !== negative) roles.set(node, positive ? "positive" : "negative");
  }
  return roles;
}

function linkedTo(call: Call, input: string): string[] {
  const value = call.inputs[input];
  return isLink(value) ? [value[0]] : [];
}

/** The workflow with other values; what names no input of it is left out. */
export function withChanges(workflow: ApiWorkflow, changes: readonly Change[]): ApiWorkflow {
  const changed: Record<string, Call> = { ...workflow };
  for (const { node, input, value } of changes) {
    const call = changed[node];
    if (call) changed[node] = { ...call, inputs: { ...call.inputs, [input]: value } };
  }
  return changed;
}

/** Names that a setting may have: choices of its node, or files of a folder. */
export function choicesOf(
  setting: Setting,
  files: Readonly<Record<string, readonly string[]>>,
): readonly Json[] {
  if (setting.spec?.choices?.length) return setting.spec.choices;
  return setting.spec?.folder ? (files[setting.spec.folder] ?? []) : [];
}

/**
 * The workflow with a LoRA after each checkpoint, at strength 0, so that a grid can put LoRAs there.
 *
 * Null where it has one already, or no checkpoint that one could be laid on.
 */
export function withLora(workflow: ApiWorkflow, lora: string): ApiWorkflow | null {
  const calls = Object.entries(workflow);
  if (calls.some(([, { class_type }]) => class_type === "LoraLoader")) return null;
  const [checkpoint] = calls.find(([, { class_type }]) => class_type === "CheckpointLoaderSimple") ?? [];
  if (checkpoint === undefined) return null;
  let id = calls.length + 1;
  while (String(id) in workflow) id++;
  const rewired = calls.map(([node, call]): [string, Call] => [
    node,
    {
      ...call,
      inputs: Object.fromEntries(
        Object.entries(call.inputs).map(([input, value]) => [
          input,
          isLink(value) && value[0] === checkpoint && value[1] < 2 ? [String(id), value[1]] : value,
        ]),
      ),
    },
  ]);
  const inputs = {
    model: [checkpoint, 0],
    clip: [checkpoint, 1],
    lora_name: lora,
    strength_model: 0,
    strength_clip: 0,
  };
  return { ...Object.fromEntries(rewired), [String(id)]: { class_type: "LoraLoader", inputs } };
}
