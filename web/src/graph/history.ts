/** Undo and redo: the documents that were, which share all that did not change between them. */

import type { Doc } from "./types";

/** What was done, for the interface to put into words. */
export interface Label {
  readonly key: string;
  readonly params?: Readonly<Record<string, string>>;
}

export interface Moment {
  readonly doc: Doc;
  /** What led to it. */
  readonly label: Label;
  /** Edits of the same name in quick succession are one, such as the letters of a text; empty for none. */
  readonly merge: string;
  /** When, in milliseconds. */
  readonly at: number;
}

export interface History {
  readonly past: readonly Moment[];
  readonly present: Moment;
  readonly future: readonly Moment[];
}

const MOST_MOMENTS = 200;
const MERGED_WITHIN = 1000; // milliseconds after the last edit of the same kind

export function startHistory(doc: Doc, label: Label = { key: "opened" }, at = 0): History {
  return { past: [], present: { doc, label, merge: "", at }, future: [] };
}

/** Go on to a changed document. The history itself where it is the present one. */
export function record(history: History, doc: Doc, label: Label, at: number, merge = ""): History {
  const { past, present } = history;
  if (doc === present.doc) return history;
  const moment = { doc, label, merge, at };
  const isMore =
    merge !== "" && merge === present.merge && at - present.at <= MERGED_WITHIN && past.length > 0;
  if (isMore) return { past, present: moment, future: [] };
  return { past: [...past, present].slice(-MOST_MOMENTS), present: moment, future: [] };
}

/** Put another document in place of the present one, without a step: for what a person did not do. */
export function amend(history: History, doc: Doc): History {
  return doc === history.present.doc ? history : { ...history, present: { ...history.present, doc } };
}

/** End a run of edits that are merged: the next one is a step of its own. */
export function seal(history: History): History {
  return history.present.merge === "" ? history : { ...history, present: { ...history.present, merge: "" } };
}

export function undo(history: History): History {
  const { past, present, future } = history;
  const before = past.at(-1);
  if (!before) return history;
  return { past: past.slice(0, -1), present: { ...before, merge: "" }, future: [present, ...future] };
}

export function redo(history: History): History {
  const [next, ...future] = history.future;
  if (!next) return history;
  return { past: [...history.past, history.present], present: { ...next, merge: "" }, future };
}

/** What `undo` would take back; null for nothing. */
export function undoLabel(history: History): Label | null {
  return history.past.length > 0 ? history.present.label : null;
}

/** What `redo` would do again; null for nothing. */
export function redoLabel(history: History): Label | null {
  return history.future[0]?.label ?? null;
}
