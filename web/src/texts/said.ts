import { useLanguage } from "./texts";

/**
 * What the server says, in the person's language. Its own words are English in every answer, so that programs and logs
 * read one language; what a person sees of them is looked up here.
 */
export interface Said {
  /** Sentences: errors, how to mend them, help. Whoever wrote it, what is not known stays as it is. */
  text(english: string): string;
  /** What a node type is called. */
  title(english: string): string;
  /** The title of a node in a workflow: one that the program wrote, as its templates have; a person's stays as it is. */
  made(title: string): string;
  /** What an input or an output is called; names are the field's, without the underscores. */
  name(name: string): string;
  /** Where a node type is sorted in: `sampling/custom`. */
  category(english: string): string;
}

/** A language's words for those of the server. */
export interface Tables {
  readonly titles: Words;
  readonly made: Words;
  readonly categories: Words;
  readonly names: Words;
  /** Help of nodes, their inputs and outputs. */
  readonly texts: Words;
  /** Sentences, with `{}` in the English for each value that is put in and `{1}`, `{2.name}`… in the other language. */
  readonly sentences: Words;
}
type Words = Readonly<Record<string, string>>;

interface Template {
  readonly pattern: RegExp;
  /** A part that every text of it has, to pass over the others quickly. */
  readonly mark: string;
  readonly other: string;
  /** Has so few words of its own that strangers' sentences may look like it. */
  readonly isWeak: boolean;
  /** Is more than one sentence. */
  readonly isLong: boolean;
}

const ENGLISH: Said = {
  text: (english) => english,
  title: (english) => english,
  made: (title) => title,
  name: spaced,
  category: (english) => english,
};
const MOST_REMEMBERED = 4000; // texts
const DEEPEST = 4; // texts within texts
const BETWEEN_SENTENCES = /(?<=[.?!]) (?=[A-Z`"(])/;
/** Spaces that stand beside what is put in, where that is no Latin word. */
const BETWEEN_SIGNS = /(?<=[\u4e00-\u9fff“”]) (?=[\u4e00-\u9fff“”])/g;
const PROSE = /[a-z]{2} [a-z]{2}/;

const made = new WeakMap<Tables, Said>();

/** What the server says, for components: they are drawn anew when the language changes. */
export function useSaid(): Said {
  return saidIn(useLanguage((state) => state.tables));
}

/** The same outside of components. */
export function said(): Said {
  return saidIn(useLanguage.getState().tables);
}

/** The same in a language of which the tables are given; null for English. */
export function saidIn(tables: Tables | null): Said {
  if (!tables) return ENGLISH;
  const known = made.get(tables) ?? translator(tables);
  made.set(tables, known);
  return known;
}

function translator(tables: Tables): Said {
  const { titles, made: madeTitles, categories, names, texts, sentences } = tables;
  const templates = templatesOf(sentences);
  const remembered = new Map<string, string>();

  function whole(english: string): string | null {
    return wordIn(sentences, english) ?? wordIn(texts, english) ?? wordIn(titles, english);
  }

  /** By the first template that fits, the one with the most words of its own. */
  function filled(english: string, depth: number, isLong: boolean): string | null {
    for (const template of templates) {
      const found =
        template.isLong === isLong && english.includes(template.mark) && template.pattern.exec(english);
      if (!found) continue;
      const given = found.slice(1);
      const values = given.map((value) => sentence(value, depth + 1));
      if (template.isWeak && values.some((value, at) => value === given[at] && PROSE.test(value))) continue;
      const other = template.other.replace(/\{(\d+)(\.name)?\}/g, (_, place: string, isName?: string) => {
        const at = Number(place) - 1;
        return isName ? name(given[at] ?? "") : (values[at] ?? "");
      });
      return other.replace(BETWEEN_SIGNS, "");
    }
    return null;
  }

  /** One sentence or several, or a part of one. */
  function sentence(english: string, depth: number): string {
    if (depth > DEEPEST) return english;
    const known = whole(english) ?? filled(english, depth, true);
    if (known !== null) return known;
    const parts = english.split(BETWEEN_SENTENCES);
    const said = parts.map((part) => whole(part) ?? filled(part, depth, false));
    if (parts.length > 1 && said.includes(null)) return filled(english, depth, false) ?? joined(parts, said);
    return joined(parts, said);
  }

  function text(english: string): string {
    return english
      .split("\n")
      .map((line) => sentence(line, 0))
      .join("\n");
  }

  function name(english: string): string {
    return wordIn(names, english) ?? spaced(english);
  }

  return {
    text(english) {
      const known = remembered.get(english);
      if (known !== undefined) return known;
      const other = text(english);
      if (remembered.size >= MOST_REMEMBERED) remembered.clear();
      remembered.set(english, other);
      return other;
    },
    title: (english) => wordIn(titles, english) ?? english,
    made: (title) => wordIn(madeTitles, title) ?? title,
    name,
    category: (english) =>
      english
        .split("/")
        .map((part) => wordIn(categories, part) ?? part)
        .join("/"),
  };
}

/** What a text is made of, in the other language where it is known; there sentences stand without spaces between. */
function joined(parts: readonly string[], said: readonly (string | null)[]): string {
  return parts.reduce((before, part, at) => {
    const other = said[at] ?? part;
    const isClose = said[at] !== null && said[at - 1] !== null;
    return at === 0 ? other : `${before}${isClose ? "" : " "}${other}`;
  }, "");
}

function templatesOf(sentences: Words): readonly Template[] {
  return Object.entries(sentences)
    .filter(([english]) => english.includes("{}"))
    .map(([english, other]) => ({ english, other, parts: english.split("{}") }))
    .sort((one, two) => lengthOf(two.parts) - lengthOf(one.parts))
    .map(({ english, other, parts }) => ({
      pattern: new RegExp(`^${parts.map(literally).join("(.+?)")}$`, "s"),
      mark: parts.reduce((longest, part) => (part.length > longest.length ? part : longest), ""),
      other,
      isWeak: (english.match(/[a-z]/gi)?.length ?? 0) < 8,
      isLong: BETWEEN_SENTENCES.test(english),
    }));
}

function lengthOf(parts: readonly string[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function wordIn(words: Words, english: string): string | null {
  return Object.hasOwn(words, english) ? (words[english] ?? null) : null;
}

function spaced(name: string): string {
  return name.replaceAll("_", " ");
}
