/** Finding a node type by a few letters of what it is called. */

import type { Catalog, NodeSpec } from "./types";

/** What a type is found by, besides its class name. */
export type Words = Pick<NodeSpec, "title" | "category" | "description">;

/**
 * The node types that match a text, best first; all of them, by title, for an empty one.
 *
 * Each word of the text has to be found: in the title first, then in the class name, the category and the description.
 * `inOtherWords` gives further ones to find a type by: those of the person's language.
 */
export function search(
  catalog: Catalog,
  text: string,
  inOtherWords?: (spec: NodeSpec) => Words,
): readonly NodeSpec[] {
  const words = plain(text).split(/\s+/).filter(Boolean);
  const found: { readonly spec: NodeSpec; readonly rate: number }[] = [];
  for (const spec of catalog.values()) {
    let rate: number | null = spec.deprecated ? 5 : 0;
    for (const word of words) {
      const one = rateOf(spec, word, inOtherWords?.(spec) ?? spec);
      rate = one === null || rate === null ? null : rate + one;
    }
    if (rate !== null) found.push({ spec, rate });
  }
  found.sort((one, other) => one.rate - other.rate || shorter(one.spec, other.spec));
  if (words.length === 0) found.sort((one, other) => one.spec.title.localeCompare(other.spec.title));
  return found.map(({ spec }) => spec);
}

const WORST_NAME = 6;

/** How well a word matches a type: 0 is its whole title; null not at all. */
function rateOf(spec: NodeSpec, word: string, other: Words): number | null {
  const has = (text: string) => plain(text).includes(word);
  const names = [spec.title, spec.class_type, other.title].map((name) => nameRate(name, word));
  const best = Math.min(...names);
  if (best <= WORST_NAME - 2) return best;
  if (has(spec.category) || has(other.category)) return WORST_NAME - 1;
  if (best <= WORST_NAME) return best;
  return has(spec.description) || has(other.description) ? WORST_NAME + 1 : null;
}

function nameRate(name: string, word: string): number {
  const whole = plain(name);
  if (whole === word) return 0;
  if (whole.startsWith(word)) return 1;
  const parts = plain(name.replace(/([a-z0-9])([A-Z])/g, "$1 $2")).split(/[^\p{L}\p{N}]+/u);
  if (parts.some((part) => part.startsWith(word))) return 2;
  if (
    parts
      .map((part) => part[0] ?? "")
      .join("")
      .startsWith(word) &&
    word.length > 1
  )
    return 3;
  if (whole.includes(word)) return 4;
  return word.length > 2 && hasInOrder(whole, word) ? WORST_NAME : Number.POSITIVE_INFINITY;
}

/** Whether the letters of a word stand in a name in order, not too far from each other. */
function hasInOrder(name: string, word: string): boolean {
  let at = name.indexOf(word[0] ?? "");
  const start = at;
  for (const letter of word.slice(1)) {
    at = name.indexOf(letter, at + 1);
    if (at < 0) return false;
  }
  return start >= 0 && at - start < word.length * 3;
}

function plain(text: string): string {
  return text.toLocaleLowerCase().normalize("NFKC").trim();
}

function shorter(one: NodeSpec, other: NodeSpec): number {
  return one.title.length - other.title.length || one.title.localeCompare(other.title);
}
