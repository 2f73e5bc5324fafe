/** A prompt as CLIP reads it: its tokens put together to words, and where each word stands in the prompt. */

import type { Schemas } from "@/api/client";

export type Token = Schemas["PromptTokenView"];
export type Read = Schemas["PromptView"];

export interface Word {
  /** Of its first token, or of a mark: its row in the attention. */
  readonly key: number;
  readonly kind: "word" | "embedding" | "start" | "end";
  readonly text: string;
  readonly tokens: readonly Token[];
  /** Rows in the attention. */
  readonly places: readonly number[];
  readonly weight: number;
  /** Where it stands in the prompt; null where it was not found. */
  readonly span: readonly [number, number] | null;
}

const CHUNK = 77;
const NAMED_EMBEDDING = /embedding:([^\s,()[\]:]+)/g;

/** The words of each chunk in reading order, between the marks for start and end. */
export function chunksOf(read: Read, byToken: boolean): Word[][] {
  const words = located(grouped(read.tokens, byToken), read.prompt);
  return Array.from({ length: read.chunks }, (_, chunk) => [
    mark("start", chunk * CHUNK),
    ...words.filter(({ tokens }) => tokens[0]?.chunk === chunk),
    ...(read.ends[chunk] === undefined ? [] : [mark("end", read.ends[chunk])]),
  ]);
}

const JOINING = new Set([
  "and",
  "the",
  "with",
  "for",
  "from",
  "into",
  "onto",
  "near",
  "over",
  "under",
  "very",
]);

/**
 * The word that says most of the picture: the one whose share of the attention differs most from place to place, as
 * `contrasts` has it for each. Marks, short words and those that only join others are passed over, where there are more.
 */
export function mostTelling(words: readonly Word[], contrasts: readonly number[]): Word | undefined {
  const known = words.map((word, at) => ({ word, contrast: contrasts[at] ?? 0 }));
  const wordy = known.filter(
    ({ word }) => word.kind === "word" && lettersOf(word) > 2 && !JOINING.has(word.text),
  );
  const unmarked = known.filter(({ word }) => word.kind === "word" || word.kind === "embedding");
  const [first, ...rest] = wordy.length > 0 ? wordy : unmarked;
  return rest.reduce((best, each) => (best && each.contrast <= best.contrast ? best : each), first)?.word;
}

function lettersOf({ text }: Word): number {
  return text.match(/\p{L}/gu)?.length ?? 0;
}

function mark(kind: "start" | "end", place: number): Word {
  return { key: place, kind, text: "", tokens: [], places: [place], weight: 1, span: null };
}

function grouped(tokens: readonly Token[], byToken: boolean): Token[][] {
  const groups: Token[][] = [];
  let isOver = true;
  for (const token of tokens) {
    const last = groups.at(-1)?.at(-1);
    const isLike =
      last?.word === token.word && last.chunk === token.chunk && (last.id === null) === (token.id === null);
    if (!isOver && isLike && !byToken) groups.at(-1)?.push(token);
    else groups.push([token]);
    isOver = token.id !== null && token.text.endsWith(" "); // rows of an embedding belong together
  }
  return groups;
}

function located(groups: readonly Token[][], prompt: string): Word[] {
  const embeddings = [...prompt.matchAll(NAMED_EMBEDDING)];
  const lower = prompt.toLowerCase();
  let at = 0;
  let known = 0;
  return groups.map((tokens) => {
    const [first] = tokens;
    const common = {
      key: first?.place ?? 0,
      tokens,
      places: tokens.map(({ place }) => place),
      weight: first?.weight ?? 1,
    };
    if (first?.id === null) {
      const name = embeddings[known++]?.[1] ?? "";
      return { ...common, kind: "embedding", text: name, span: null };
    }
    const text = tokens
      .map((token) => token.text)
      .join("")
      .trimEnd();
    const from = next(lower, text, at);
    if (from >= 0) at = from + text.length;
    return { ...common, kind: "word", text, span: from < 0 ? null : [from, at] };
  });
}

/** Where a word begins in a text; it is not looked for inside of others. */
function next(text: string, word: string, from: number): number {
  if (!word) return -1;
  const isLetter = (at: number) => /\p{L}/u.test(text[at] ?? "");
  for (let at = text.indexOf(word, from); at >= 0; at = text.indexOf(word, at + 1)) {
    const isInside =
      (isLetter(at - 1) && isLetter(at)) || (isLetter(at + word.length) && isLetter(at + word.length - 1));
    if (!isInside) return at;
  }
  return text.indexOf(word, from);
}

/**
 * The prompt with another weight for one word.
 *
 * Written inside of other brackets, a number counts alone as ComfyUI reads it, and is multiplied as AUTOMATIC1111 does.
 */
export function weighted(prompt: string, word: Word, weight: number, syntax: string): string | null {
  if (!word.span) return null;
  const [from, to] = word.span;
  const number = syntax === "a1111" && word.weight !== 0 ? weight / word.weight : weight;
  return `${prompt.slice(0, from)}(${prompt.slice(from, to)}:${Number(number.toFixed(3))})${prompt.slice(to)}`;
}
