/** Which pictures are chosen, and from where a range goes on. */
export interface Selection {
  ids: ReadonlySet<string>;
  /** Place in the list of the one that was chosen last without a range. */
  from: number | null;
}

export const NOTHING: Selection = { ids: new Set(), from: null };

/** Choose one, or no longer. */
export function toggled({ ids }: Selection, id: string, place: number): Selection {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return next.size ? { ids: next, from: place } : NOTHING;
}

/** Choose all from the last one to this one; `idAt` is undefined where the list is not known yet. */
export function extended(
  { ids, from }: Selection,
  to: number,
  idAt: (place: number) => string | undefined,
): Selection {
  const start = from ?? to;
  const next = new Set(ids);
  for (let place = Math.min(start, to); place <= Math.max(start, to); place++) {
    const id = idAt(place);
    if (id !== undefined) next.add(id);
  }
  return { ids: next, from: start };
}

/** Without pictures that are gone. */
export function without({ ids, from }: Selection, gone: Iterable<string>): Selection {
  const next = new Set(ids);
  for (const id of gone) next.delete(id);
  return next.size ? { ids: next, from } : NOTHING;
}
