/** The form of a workflow: widgets that are shown to a person with no idea of graphs, kept in the document. */

import { setControl, setExtra, setValue } from "./edit";
import { isObject, type Json, type JsonObject, listOf, objectOf, textOf } from "./json";
import { OWN, plainName, promotions } from "./promote";
import { definitionAt, nodeAt, roomAt, wireInto } from "./room";
import { portsOf, widgetValue } from "./specs";
import { type Catalog, type Control, type Doc, type DocNode, INPUTS, type Path, type Port } from "./types";

/** A widget that the form shows. */
export interface Exposed {
  /** Ids of the nodes that lead to it, the last of which has the widget. */
  readonly path: readonly string[];
  readonly widget: string;
  /** Empty for the widget's own name. */
  readonly label: string;
  /** A sentence of help; empty for the widget's own. */
  readonly help: string;
}

export interface Form {
  readonly title: string;
  readonly description: string;
  /** In the order in which they are shown. */
  readonly fields: readonly Exposed[];
}

/** A field as it is drawn. */
export interface Field {
  readonly exposed: Exposed;
  readonly path: Path;
  readonly node: DocNode;
  readonly port: Port;
  readonly label: string;
  readonly value: Json;
  readonly control: Control | null;
  /** Whether a wire gives the value, so that the field cannot be edited. */
  readonly isLinked: boolean;
}

const NAME = "safelight"; // in the document's extra data

export function readForm(doc: Doc): Form {
  const form = objectOf(objectOf(doc.extra[NAME]).form);
  return {
    title: textOf(form.title),
    description: textOf(form.description),
    fields: listOf(form.fields)
      .filter(isObject)
      .map(readExposed)
      .filter((one) => one.path.length > 0),
  };
}

export function writeForm(doc: Doc, form: Form): Doc {
  const before = objectOf(doc.extra[NAME]);
  const fields = form.fields.map((one): JsonObject => ({ ...one, path: [...one.path] }));
  return setExtra(doc, {
    ...doc.extra,
    [NAME]: { ...before, form: { title: form.title, description: form.description, fields } },
  });
}

export function isExposed(doc: Doc, path: Path, id: string, widget: string): boolean {
  return readForm(doc).fields.some(isOf([...path, id], widget));
}

/** Show a widget in the form, after those that are there. */
export function expose(doc: Doc, path: Path, id: string, widget: string, label = ""): Doc {
  if (isExposed(doc, path, id, widget)) return doc;
  const form = readForm(doc);
  return writeForm(doc, {
    ...form,
    fields: [...form.fields, { path: [...path, id], widget, label, help: "" }],
  });
}

export function hide(doc: Doc, path: Path, id: string, widget: string): Doc {
  const form = readForm(doc);
  const fields = form.fields.filter((one) => !isOf([...path, id], widget)(one));
  return fields.length === form.fields.length ? doc : writeForm(doc, { ...form, fields });
}

/** Put a field at another place of the form. */
export function moveField(doc: Doc, from: number, to: number): Doc {
  const form = readForm(doc);
  const field = form.fields[from];
  if (!field || from === to) return doc;
  const rest = form.fields.filter((_, place) => place !== from);
  return writeForm(doc, { ...form, fields: [...rest.slice(0, to), field, ...rest.slice(to)] });
}

export function changeField(doc: Doc, place: number, change: Partial<Pick<Exposed, "label" | "help">>): Doc {
  const form = readForm(doc);
  return writeForm(doc, {
    ...form,
    fields: form.fields.map((one, at) => (at === place ? { ...one, ...change } : one)),
  });
}

/** The form as it is drawn; fields whose node or widget is gone are left out. */
export function formOf(doc: Doc, catalog: Catalog): Form & { readonly shown: readonly Field[] } {
  const form = readForm(doc);
  return { ...form, shown: form.fields.flatMap((exposed) => fieldOf(doc, catalog, exposed) ?? []) };
}

/** Set a field. One that a subgraph shows on its outside is set there, since that is what counts. */
export function setField(doc: Doc, catalog: Catalog, exposed: Exposed, value: Json): Doc {
  const field = fieldOf(doc, catalog, exposed);
  return field ? setValue(doc, field.path, field.node.id, field.port.name, value) : doc;
}

export function setFieldControl(doc: Doc, catalog: Catalog, exposed: Exposed, control: Control): Doc {
  const field = fieldOf(doc, catalog, exposed);
  return field ? setControl(doc, field.path, field.node.id, field.port.name, control) : doc;
}

/** The document with the nodes of its fields elsewhere; null takes a field out. */
export function movedFields(doc: Doc, where: (path: readonly string[]) => readonly string[] | null): Doc {
  const form = readForm(doc);
  let isMoved = false;
  const fields = form.fields.flatMap((one) => {
    const path = where(one.path);
    isMoved ||= path !== one.path;
    return path ? [{ ...one, path }] : [];
  });
  return isMoved ? writeForm(doc, { ...form, fields }) : doc;
}

/** Where the value of a widget is set: at itself, or on the outside of the subgraphs that show it there. */
export function settingPlace(
  doc: Doc,
  path: Path,
  id: string,
  widget: string,
): { readonly path: Path; readonly id: string; readonly widget: string } {
  const outside = path.at(-1);
  if (outside === undefined) return { path, id, widget };
  const outer = path.slice(0, -1);
  const instance = nodeAt(doc, outer, outside);
  const shown = instance ? shownAs(doc, path, instance, id, widget) : null;
  return shown === null ? { path, id, widget } : settingPlace(doc, outer, outside, shown);
}

/** What a node that stands for a subgraph calls a widget inside; null where it does not show it. */
function shownAs(doc: Doc, path: Path, instance: DocNode, id: string, widget: string): string | null {
  const definition = definitionAt(doc, path);
  const node = definition?.room.nodes.get(id);
  const listed = promotions(instance.properties) ?? [];
  const plain = node ? plainName(node, widget) : widget;
  const slot = node?.inputs.findIndex((input) => input.name === widget) ?? -1;
  const wire = definition && slot >= 0 ? wireInto(definition.room, id, slot) : null;
  const name = wire?.from === INPUTS ? definition?.inputs[wire.output]?.name : undefined;
  if (name !== undefined && instance.inputs.some((input) => input.widget !== "" && input.name === name))
    return name;
  return listed.find((one) => one.node !== OWN && one.node === id && one.widget === plain)?.key ?? null;
}

function fieldOf(doc: Doc, catalog: Catalog, exposed: Exposed): Field | null {
  const place = settingPlace(doc, exposed.path.slice(0, -1), exposed.path.at(-1) ?? "", exposed.widget);
  const room = roomAt(doc, place.path);
  const node = room?.nodes.get(place.id);
  const port = node && portsOf(doc, catalog, node).widgets.find((one) => one.name === place.widget);
  if (!room || !node || !port) return null;
  return {
    exposed,
    path: place.path,
    node,
    port,
    label: exposed.label || port.label,
    value: widgetValue(node, port),
    control: port.control,
    isLinked: wireInto(room, node.id, port.slot) !== null,
  };
}

function readExposed(entry: JsonObject): Exposed {
  return {
    path: listOf(entry.path).map(String),
    widget: textOf(entry.widget),
    label: textOf(entry.label),
    help: textOf(entry.help),
  };
}

function isOf(path: readonly string[], widget: string): (one: Exposed) => boolean {
  return (one) =>
    one.widget === widget && one.path.length === path.length && one.path.every((id, at) => id === path[at]);
}
