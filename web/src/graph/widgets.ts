/** Which value of a document's node belongs to which widget: they are saved in the order they are drawn. */

import { isObject, type Json, listOf, objectOf, same } from "./json";
import type { Control, InputSpec, NodeSpec } from "./types";

export const CONTROLS: readonly Control[] = ["fixed", "increment", "decrement", "randomize"];
const WIDGET_TYPES = new Set(["INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "CURVE"]);
const NUMBERS = new Set(["INT", "FLOAT", "BOOLEAN"]);
const SEEDS = new Set(["seed", "noise_seed"]); // have a control whether or not their node says so
const UPLOAD = "image"; // what the button for uploading is saved as

/** Whether an input's value may be written into the workflow. */
export function isWidget(port: InputSpec): boolean {
  return WIDGET_TYPES.has(port.type) && !port.force_input;
}

export function isRequired(port: InputSpec): boolean {
  return port.required !== false;
}

export function hasControl(port: InputSpec): boolean {
  return port.control_after_generate === true || (port.type === "INT" && isSeed(port));
}

export function isSeed(port: InputSpec): boolean {
  return SEEDS.has(port.name);
}

export function isControl(value: unknown): value is Control {
  return typeof value === "string" && CONTROLS.some((control) => control === value);
}

/** The widgets of a node type in the order they are drawn: required ones first. */
export function widgetsOf(spec: NodeSpec): readonly InputSpec[] {
  const widgets = spec.inputs.filter(isWidget);
  return [...widgets.filter(isRequired), ...widgets.filter((port) => !isRequired(port))];
}

/** What a widget holds that nobody has set: its default, or first choice. */
export function usual(port: InputSpec, files: readonly string[] = []): Json {
  const value = port.default ?? port.choices?.[0] ?? files[0] ?? null;
  if (value !== null) return value;
  const nearest = Math.max(port.minimum ?? 0, Math.min(port.maximum ?? 0, 0));
  return { INT: nearest, FLOAT: nearest, BOOLEAN: false, STRING: "" }[port.type] ?? null;
}

/** What stands at each place of a list of values. */
type Mark = { readonly widget: string } | { readonly control: string } | "upload" | "other";

export interface Written {
  readonly values: Readonly<Record<string, Json>>;
  readonly controls: Readonly<Record<string, Control>>;
}

interface Marked extends Written {
  readonly marks: readonly Mark[];
}

/** The values of a node by name. `raw` is its `widgets_values`. */
export function readValues(ports: readonly InputSpec[], raw: Json | undefined): Written {
  return Array.isArray(raw) ? readList(ports, raw) : readTable(raw);
}

/**
 * `widgets_values` of a node, from what they were; values that are not changed stay as they were.
 *
 * `before` are the widgets that `raw` was written for, `ports` those of now. Of a type that is known, values that nobody
 * has set are the usual ones.
 */
export function writeValues(
  before: readonly InputSpec[],
  ports: readonly InputSpec[],
  raw: Json | undefined,
  node: Written,
  isKnown: boolean,
): Json {
  if (isObject(raw)) {
    const kept = Object.fromEntries(
      Object.entries(raw).filter(([name, value]) => value === null || name in node.values),
    );
    return { ...kept, ...node.values };
  }
  if (!Array.isArray(raw)) return inOrder(ports, node, [], isKnown);
  const held = readList(before, raw);
  const moved =
    before !== ports &&
    !same(
      before.map((port) => port.name),
      ports.map((port) => port.name),
    );
  const changed = changedNames(held.values, node.values);
  const steered = changedNames(held.controls, node.controls);
  const places = new Set(held.marks.flatMap((mark) => (typeof mark === "object" ? [nameOf(mark)] : [])));
  const isFreed = steered.some((name) => node.controls[name] === undefined);
  if (moved || isFreed || [...changed, ...steered.map(controlName)].some((name) => !places.has(name))) {
    const others = raw.filter((_, place) => held.marks[place] === "other");
    return inOrder(ports, node, others, isKnown);
  }
  return raw.map((value, place) => {
    const mark = held.marks[place];
    if (typeof mark !== "object") return value;
    if ("widget" in mark) return changed.includes(mark.widget) ? (node.values[mark.widget] ?? null) : value;
    return steered.includes(mark.control) ? (node.controls[mark.control] ?? value) : value;
  });
}

/** In the order editors keep them: each control behind its seed, the upload button behind the required ones. */
function inOrder(
  ports: readonly InputSpec[],
  node: Written,
  others: readonly Json[],
  isKnown: boolean,
): readonly Json[] {
  const list: Json[] = [];
  const button = lastRequired(ports);
  ports.forEach((port, place) => {
    list.push(node.values[port.name] ?? (isKnown ? usual(port) : null));
    const control = node.controls[port.name] ?? (isKnown && hasControl(port) ? "fixed" : null);
    if (control) list.push(control);
    if (place === button && ports.some((other) => other.upload)) list.push(UPLOAD);
  });
  return [...list, ...others];
}

function readList(ports: readonly InputSpec[], raw: readonly Json[]): Marked {
  const values: Record<string, Json> = {};
  const controls: Record<string, Control> = {};
  const marks: Mark[] = [];
  const button = ports.some((port) => port.upload) ? lastRequired(ports) : -1;
  let at = 0;
  for (const [place, port] of ports.entries()) {
    if (at >= raw.length) break;
    const value = raw[at++] ?? null;
    if (value !== null) values[port.name] = value;
    marks.push({ widget: port.name });
    const next = raw[at];
    if (at < raw.length && isControl(next) && isBeside(next, port, ports[place + 1])) {
      controls[port.name] = next;
      marks.push({ control: port.name });
      at++;
    }
    if (place === button && raw[at] === UPLOAD) {
      marks.push("upload");
      at++;
    }
  }
  for (; at < raw.length; at++) marks.push("other");
  return { values, controls, marks };
}

function readTable(raw: Json | undefined): Written {
  const values: Record<string, Json> = {};
  for (const [name, value] of Object.entries(objectOf(raw))) {
    if (value !== null && value !== undefined) values[name] = value;
  }
  return { values, controls: {} };
}

/** Whether a control's word belongs to `port`, rather than being the value of the port after it. */
function isBeside(word: Control, port: InputSpec, following: InputSpec | undefined): boolean {
  if (port.control_after_generate || SEEDS.has(port.name) || following === undefined) return true;
  if (following.type !== "COMBO") return NUMBERS.has(following.type);
  return following.choices != null && !listOf(following.choices).includes(word) && following.folder == null;
}

function lastRequired(ports: readonly InputSpec[]): number {
  return ports.findLastIndex(isRequired);
}

function changedNames(before: Readonly<Record<string, Json>>, now: Readonly<Record<string, Json>>): string[] {
  if (before === now) return [];
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].filter((name) => !same(before[name], now[name]));
}

function nameOf(mark: { readonly widget: string } | { readonly control: string }): string {
  return "widget" in mark ? mark.widget : controlName(mark.control);
}

function controlName(widget: string): string {
  return `${widget}\n`; // no widget is called so
}
