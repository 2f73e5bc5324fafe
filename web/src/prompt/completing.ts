export type Kind = "embedding" | "lora" | "wildcard" | "words";

/** What is being typed at the caret, from `from` to the caret. */
export interface Typing {
  kind: Kind;
  from: number;
  to: number;
  /** What names are sought by. */
  typed: string;
  /** Of `words`: the last one, and where it begins. */
  last: string;
  lastFrom: number;
}

export interface Offer {
  kind: Kind;
  label: string;
  /** Replaces `from` to the caret. */
  text: string;
  from: number;
  /** Of a LoRA: its file. */
  file?: string;
}

export const MOST_OFFERS = 8;
const MOST_NAMES = 3; // of each kind, where words are typed
const EMBEDDING = "embedding:";
const ENDING = /\.(safetensors|pt|bin|ckpt|pth|sft)$/i;

/** What may be completed here; null in the middle of a word and where too little is typed. */
export function typingAt(text: string, caret: number): Typing | null {
  if (/^[\p{L}\p{N}_-]/u.test(text.slice(caret))) return null;
  const part = /(?:\\[()[\]{}]|[^,\n()[\]{}|])*$/.exec(text.slice(0, caret));
  if (!part) return null;
  const words = part[0].trimStart();
  const from = caret - words.length;
  const last = /\S*$/.exec(words)?.[0] ?? "";
  const lastFrom = caret - last.length;
  const explicit = /^(embedding:|<lora:|<)(.*)$/i.exec(last);
  if (explicit) {
    const [, mark = "", typed = ""] = explicit;
    const kind = mark.toLowerCase() === EMBEDDING ? "embedding" : "lora";
    return { kind, from: lastFrom, to: caret, typed, last, lastFrom };
  }
  const wildcard = /(?:^|[^_\\])(__[\w\-./]*)$/u.exec(withoutWhole(last))?.[1];
  if (wildcard !== undefined) {
    return {
      kind: "wildcard",
      from: caret - wildcard.length,
      to: caret,
      typed: wildcard.slice(2),
      last,
      lastFrom,
    };
  }
  return last !== "" && isEnough(words)
    ? { kind: "words", from, to: caret, typed: words, last, lastFrom }
    : null;
}

/** The wildcards that are whole already, made unlike a mark. */
function withoutWhole(text: string): string {
  return text.replace(/__[\w\-./]+?__/gu, (whole) => " ".repeat(whole.length));
}

/** Two letters, or one of a script whose characters are words. */
function isEnough(typed: string): boolean {
  return typed.length >= 2 || /[\u3040-\u9fff\uac00-\ud7af]/.test(typed);
}

/** What is offered, the likeliest first. */
export function offersFor(
  typing: Typing,
  known: Readonly<Record<"embeddings" | "loras" | "wildcards" | "words", readonly string[]>>,
): Offer[] {
  const { kind, from, lastFrom, typed, last } = typing;
  const embeddings = (sought: string, at: number): Offer[] =>
    matching(known.embeddings, sought).map((file) => {
      const name = file.replace(ENDING, "");
      return { kind: "embedding", label: name, text: EMBEDDING + name, from: at };
    });
  const loras = (sought: string, at: number): Offer[] =>
    matching(known.loras, sought).map((file) => ({
      kind: "lora",
      label: file.replace(ENDING, ""),
      text: "",
      from: at,
      file,
    }));
  if (kind === "embedding") return embeddings(typed, from).slice(0, MOST_OFFERS);
  if (kind === "wildcard") {
    const found = matching(known.wildcards, typed).slice(0, MOST_OFFERS);
    return found.map((name) => ({ kind, label: name, text: `__${name}__`, from }));
  }
  if (kind === "lora") return loras(typed, from).slice(0, MOST_OFFERS);
  const named = isEnough(last)
    ? [...embeddings(last, lastFrom).slice(0, MOST_NAMES), ...loras(last, lastFrom).slice(0, MOST_NAMES)]
    : [];
  const words = known.words
    .filter((text) => text !== typed)
    .map((text): Offer => ({ kind: "words", label: text, text, from }));
  return [...words.slice(0, MOST_OFFERS - named.length), ...named];
}

/** Names with a word that begins so; those that begin so themselves come first. */
function matching(names: readonly string[], sought: string): string[] {
  const wanted = sought.toLowerCase();
  const rank = (name: string) => {
    const plain = name.replace(ENDING, "").toLowerCase();
    if (plain.startsWith(wanted)) return 0;
    return plain.split(/[\s/\\_.-]+/).some((word) => word.startsWith(wanted)) ? 1 : 2;
  };
  return names
    .map((name) => ({ name, place: rank(name) }))
    .filter(({ place }) => place < 2)
    .sort((one, other) => one.place - other.place || one.name.localeCompare(other.name))
    .map(({ name }) => name);
}
