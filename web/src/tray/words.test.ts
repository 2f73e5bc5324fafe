import { describe, expect, it } from "vitest";
import { chunksOf, mostTelling, type Read, type Token, weighted } from "./words";

const token = (place: number, text: string, more: Partial<Token> = {}): Token => ({
  place,
  chunk: Math.floor(place / 77),
  text,
  id: 1,
  weight: 1,
  word: 1,
  ...more,
});
const read = (prompt: string, tokens: Token[], more: Partial<Read> = {}): Read => ({
  prompt,
  syntax: "comfyui",
  tokens,
  chunks: 1,
  ends: [tokens.length + 1],
  missing: [],
  ...more,
});
const PIZZA = read("a (Pizza:1.4) and a sunflower, extraordinarily", [
  token(1, "a "),
  token(2, "pizza ", { weight: 1.4, word: 2 }),
  token(3, "and ", { word: 3 }),
  token(4, "a ", { word: 3 }),
  token(5, "sunflower ", { word: 3 }),
  token(6, ", ", { word: 3 }),
  token(7, "extraordin", { word: 3 }),
  token(8, "arily ", { word: 3 }),
]);

describe("the words of a prompt", () => {
  it("hold their tokens together, and stand between marks", () => {
    const [words] = chunksOf(PIZZA, false);
    expect(words?.map(({ text, kind }) => text || kind)).toEqual([
      "start",
      "a",
      "pizza",
      "and",
      "a",
      "sunflower",
      ",",
      "extraordinarily",
      "end",
    ]);
    expect(words?.at(-2)?.places).toEqual([7, 8]);
    expect(words?.at(-1)?.places).toEqual([9]);
  });

  it("are found in the prompt, though it has capitals, brackets and the same letters elsewhere", () => {
    const [words] = chunksOf(PIZZA, false);
    expect(words?.slice(1, 5).map(({ span }) => span && PIZZA.prompt.slice(...span))).toEqual([
      "a",
      "Pizza",
      "and",
      "a",
    ]);
    expect(words?.[4]?.span?.[0]).toBe(18);
  });

  it("may be looked at token by token", () => {
    expect(chunksOf(PIZZA, true)[0]).toHaveLength(10);
  });

  it("are those of an embedding, by its name, where no token has a text", () => {
    const rows = [1, 2].map((place) => token(place, "", { id: null }));
    const [words] = chunksOf(read("embedding:soft", rows), false);
    expect(words?.[1]).toMatchObject({ kind: "embedding", text: "soft", places: [1, 2] });
  });

  it("lie in the chunk that they were read in", () => {
    const two = read("one two", [token(1, "one "), token(78, "two ")], { chunks: 2, ends: [2, 79] });
    expect(chunksOf(two, false).map((words) => words.map(({ key }) => key))).toEqual([
      [0, 1, 2],
      [77, 78, 79],
    ]);
  });
});

it("a weight is written into the prompt, as its brackets are read", () => {
  const [words = []] = chunksOf(PIZZA, false);
  const [pizza, flower] = [words[2], words[5]];
  if (!pizza || !flower) throw new Error("they are there");
  expect(weighted(PIZZA.prompt, flower, 1.3, "comfyui")).toBe(
    "a (Pizza:1.4) and a (sunflower:1.3), extraordinarily",
  );
  expect(weighted(PIZZA.prompt, pizza, 0.7, "comfyui")).toContain("((Pizza:0.7):1.4)");
  expect(weighted(PIZZA.prompt, pizza, 0.7, "a1111")).toContain("((Pizza:0.5):1.4)");
});

describe("the word that is shown first", () => {
  const [words = []] = chunksOf(PIZZA, false);
  const shown = (contrasts: Record<string, number>, among = words) =>
    mostTelling(
      among,
      among.map(({ text, kind }) => contrasts[text || kind] ?? 0),
    )?.text;

  it("is the one whose map differs most from place to place, never a mark, a short word, or one that only joins others", () => {
    expect(shown({ pizza: 0.2, sunflower: 0.3, start: 0.9, a: 0.8, and: 0.8, ",": 0.7 })).toBe("sunflower");
  });

  it("is the first that is long enough where nobody listened", () => {
    expect(shown({})).toBe("pizza");
  });

  it("is a short one where there is no other, and none among marks alone", () => {
    const short = words.filter(({ text }) => text.length < 2);
    expect(shown({ start: 0.9, a: 0.1 }, short)).toBe("a");
    expect(
      shown(
        {},
        words.filter(({ text }) => !text),
      ),
    ).toBeUndefined();
  });
});
