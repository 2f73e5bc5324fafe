/** Writing JSON over the JSON that was read, so that only what has changed differs. */

import { isObject, type Json, type JsonObject, listOf, same } from "./json";

export type Changes = Readonly<Record<string, Json | undefined>>;

/** Take a field out. */
export const REMOVED: JsonObject = {};

/** An object with some fields changed: `undefined` leaves one as it is. The object itself where nothing differs. */
export function overlay(raw: JsonObject, changes: Changes): JsonObject {
  const differing = Object.entries(changes).filter(([name, value]) =>
    value === REMOVED ? name in raw : value !== undefined && !same(raw[name], value),
  );
  if (differing.length === 0) return raw;
  const made: Record<string, Json | undefined> = { ...raw };
  for (const [name, value] of differing) {
    if (value === REMOVED) delete made[name];
    else made[name] = value;
  }
  return made;
}

/** What has an id of its own in the order it had, then what is new; what has none is kept where it was. */
export function keepOrder(
  before: readonly Json[],
  id: (entry: Json) => string | null,
  now: ReadonlyMap<string, Json>,
): readonly Json[] {
  const list: Json[] = [];
  const placed = new Set<string>();
  for (const entry of before) {
    const key = id(entry);
    if (key === null) list.push(entry);
    else if (now.has(key) && !placed.has(key)) {
      placed.add(key);
      list.push(now.get(key) ?? null);
    }
  }
  const added = [...now].filter(([key]) => !placed.has(key)).map(([, entry]) => entry);
  return [...list, ...added];
}

/** A list of entries, of which some may be no objects, with the objects replaced in turn. */
export function keepList(before: Json | undefined, now: readonly JsonObject[]): readonly Json[] {
  const kept = listOf(before);
  if (kept.every(isObject)) return now;
  const rest = [...now];
  const list = kept.flatMap((entry): readonly Json[] => (isObject(entry) ? rest.splice(0, 1) : [entry]));
  return [...list, ...rest];
}

/** An id as documents have it: a number where it is one. */
export function idOf(id: string): number | string {
  return /^-?\d{1,15}$/.test(id) ? Number(id) : id;
}
