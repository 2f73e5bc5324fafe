/** What a person has entered into the form of a workflow. The workflow itself stays as it was saved. */

import { setValue } from "@/graph/edit";
import { type Exposed, type Field, formOf, setField, setFieldControl } from "@/graph/expose";
import { isObject, type Json, type JsonObject } from "@/graph/json";
import { nodeAt, wireInto } from "@/graph/room";
import { portsOf, widgetValue } from "@/graph/specs";
import type { Catalog, Control, Doc } from "@/graph/types";
import { isControl } from "@/graph/widgets";

export interface Entry {
  readonly value?: Json;
  readonly control?: Control;
}

/** By the field's key; what nobody has touched is left out, and keeps the value of the workflow. */
export type Entries = Readonly<Record<string, Entry>>;

export function keyOf({ path, widget }: Exposed): string {
  return `${path.join(":")} ${widget}`;
}

/** The workflow with what was entered. `steered` holds values of widgets that no field shows. */
export function filled(doc: Doc, catalog: Catalog, entries: Entries, steered: JsonObject = {}): Doc {
  const { shown } = formOf(doc, catalog);
  const begun = Object.entries(steered).reduce((now, [key, value]) => withSteered(now, key, value), doc);
  return shown.reduce((now, { exposed }) => {
    const { value, control } = entries[keyOf(exposed)] ?? {};
    const set = value === undefined ? now : setField(now, catalog, exposed, value);
    return control === undefined ? set : setFieldControl(set, catalog, exposed, control);
  }, begun);
}

/** What is to be entered so that the form shows what a run was made with: seeds that were drawn or counted. */
export function afterRun(entries: Entries, drawn: Doc, catalog: Catalog): Entries {
  const { shown } = formOf(drawn, catalog);
  const moved = shown.filter(({ control, isLinked }) => control !== null && control !== "fixed" && !isLinked);
  const changes = moved.map(({ exposed, value }) => {
    const key = keyOf(exposed);
    return [key, { ...entries[key], value }] as const;
  });
  return { ...entries, ...Object.fromEntries(changes) };
}

/** Values that changed by themselves in nodes that the form does not show, so that counting goes on from them. */
export function steeredIn(drawn: Doc, catalog: Catalog): JsonObject {
  const exposed = new Set(formOf(drawn, catalog).shown.map(({ node, port }) => `${node.id} ${port.name}`));
  const found: [string, Json][] = [];
  for (const node of drawn.root.nodes.values()) {
    for (const [name, control] of Object.entries(node.controls)) {
      const port = portsOf(drawn, catalog, node).widgets.find((one) => one.name === name);
      const isHidden = port && control !== "fixed" && !exposed.has(`${node.id} ${name}`);
      if (isHidden && !wireInto(drawn.root, node.id, port.slot))
        found.push([`${node.id} ${name}`, widgetValue(node, port)]);
    }
  }
  return Object.fromEntries(found);
}

/** Whether anything was entered that differs from the workflow. */
export function isTouched(fields: readonly Field[], entries: Entries): boolean {
  return fields.some(({ exposed }) => entries[keyOf(exposed)] !== undefined);
}

/** Entries as they were kept; what is none is left out. */
export function readEntries(json: unknown): Entries {
  if (!isObject(json)) return {};
  const read = Object.entries(json).flatMap(([key, entry]) => {
    if (!isObject(entry)) return [];
    const { value, control } = entry;
    const one: Entry = {
      ...(value === undefined ? {} : { value }),
      ...(isControl(control) ? { control } : {}),
    };
    return [[key, one] as const];
  });
  return Object.fromEntries(read);
}

function withSteered(doc: Doc, key: string, value: Json | undefined): Doc {
  const [id = "", name = ""] = split(key);
  const node = nodeAt(doc, [], id);
  const isSteered = node !== null && (node.controls[name] ?? "fixed") !== "fixed";
  return isSteered && value !== undefined ? setValue(doc, [], id, name, value) : doc;
}

function split(key: string): readonly [id: string, widget: string] {
  const at = key.indexOf(" ");
  return [key.slice(0, at), key.slice(at + 1)];
}
