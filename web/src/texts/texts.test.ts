import { describe, expect, it } from "vitest";

const files = import.meta.glob<Record<string, string>>(
  ["./*/*.json", "!./zh/{catalog,made,sentences}.json"], // these are what the server says: see `said.test.ts`
  { eager: true, import: "default" },
);
const rooms = [...new Set(Object.keys(files).map((path) => path.split("/")[2] ?? ""))];

describe.each(rooms)("the texts of %s", (room) => {
  const english = files[`./en/${room}`] ?? {};
  const chinese = files[`./zh/${room}`] ?? {};

  it("are the same ones in both languages", () => {
    const plain = (table: object) =>
      [...new Set(Object.keys(table).map((key) => key.replace(/_(one|other)$/, "")))].sort();
    expect(plain(chinese)).toEqual(plain(english));
  });

  it("have something put in at the same places", () => {
    const places = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();
    for (const [key, text] of Object.entries(chinese))
      expect(places(text), key).toEqual(places(english[key] ?? english[`${key}_other`] ?? ""));
  });

  it("are not left empty or in the other language", () => {
    for (const [key, text] of Object.entries(english)) expect(/^[^一-鿿]+$/.test(text), key).toBe(true);
    for (const [key, text] of Object.entries(chinese)) expect(text.trim(), key).not.toBe("");
  });
});
