import { useMemo } from "react";
import { create } from "zustand";
import type english from "./en";
import type { Tables } from "./said";

/** All texts, by room. Each language has a folder with a file for each room; `texts.test.ts` sees that they agree. */
type Rooms = typeof english;

export const LANGUAGES = { en: "English", zh: "中文" } as const;
export type Language = keyof typeof LANGUAGES;
export type Room = keyof Rooms;
type Table = Readonly<Record<string, string>>;
type Values = Readonly<Record<string, string | number>>;

/** Keys without the endings that plurals have. */
type Key<R extends Room> = keyof Rooms[R] extends infer K
  ? (K extends `${infer Base}_one` ? Base : K extends `${infer Base}_other` ? Base : K) & string
  : never;

/** Gives a text of a room in the person's language; `{name}` is put in, and `{n}` chooses between singular and plural. */
export type Translate<R extends Room> = (key: Key<R>, values?: Values) => string;

/** Each language is fetched as one file. */
const FILES: Record<Language, () => Promise<{ default: Record<string, Table> }>> = {
  en: () => import("./en"),
  zh: () => import("./zh"),
};
/** What the server says is English; other languages bring their words for it, see `said.ts`. */
const SAID: Partial<Record<Language, () => Promise<{ default: Tables }>>> = { zh: () => import("./zh/said") };
const REMEMBERED = "safelight.language";

interface Spoken {
  readonly language: Language;
  readonly rooms: Readonly<Record<string, Table>>;
  readonly tables: Tables | null;
}

export const useLanguage = create<Spoken>(() => ({ language: "en", rooms: {}, tables: null }));

/** The language that was chosen, else the first of the browser's that there is. */
export function preferredLanguage(): Language {
  const wished = [localStorage.getItem(REMEMBERED), ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return wished.find((tag): tag is Language => tag !== null && tag in LANGUAGES) ?? "en";
}

/** Load a language and show everything in it. */
export async function speak(language: Language, remember = false): Promise<void> {
  const [{ default: rooms }, said] = await Promise.all([FILES[language](), SAID[language]?.()]);
  if (remember) localStorage.setItem(REMEMBERED, language);
  document.documentElement.lang = language;
  useLanguage.setState({ language, rooms, tables: said?.default ?? null });
}

/** The texts of a room, in the language of the moment. */
export function useTexts<R extends Room>(room: R): Translate<R> {
  const { language, rooms } = useLanguage();
  return useMemo(
    () => (key, values) => filled(rooms[room] ?? {}, language, key, values),
    [language, rooms, room],
  );
}

/** The same outside of components. */
export function texts<R extends Room>(room: R): Translate<R> {
  return (key, values) =>
    filled(useLanguage.getState().rooms[room] ?? {}, useLanguage.getState().language, key, values);
}

function filled(table: Table, language: Language, key: string, values: Values = {}): string {
  const { n } = values;
  const counted =
    typeof n === "number"
      ? (table[`${key}_${new Intl.PluralRules(language).select(n)}`] ?? table[`${key}_other`])
      : undefined;
  const text = counted ?? table[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? value.toLocaleString(language) : value;
  });
}
