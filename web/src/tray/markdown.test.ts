import { expect, it } from "vitest";
import { CONCEPTS, conceptOf, hasConcept, readConcept } from "./concepts";
import { blocksOf } from "./markdown";

it("a page becomes headings, paragraphs, lists and code", () => {
  const page = "# A *name*\n\nTwo\nlines.\n\n- one\n  goes on\n- two\n\n1. first\n\n```sh\na  b\n```\n";
  expect(blocksOf(page).map(({ kind }) => kind)).toEqual(["heading", "paragraph", "list", "list", "code"]);
  expect(blocksOf(page)[1]).toMatchObject({ parts: [{ text: "Two lines." }] });
  expect(blocksOf(page)[2]).toMatchObject({
    ordered: false,
    items: [[{ text: "one goes on" }], [{ text: "two" }]],
  });
});

it("words are strong, slanted, code or links; pictures are left out", () => {
  const [block] = blocksOf("**a** *b* `c_d_e` [f](vae.md) ![g](h.png) 2*3*4");
  expect(block).toMatchObject({
    parts: [
      { kind: "strong" },
      { text: " " },
      { kind: "em" },
      { text: " " },
      { kind: "code", text: "c_d_e" },
      { text: " " },
      { kind: "link", href: "vae.md" },
      { text: " " },
      { text: " 2*3*4" },
    ],
  });
});

it("every page is there in both languages, and its links to others lead to them", async () => {
  for (const name of CONCEPTS) {
    expect(hasConcept(name), name).toBe(true);
    for (const language of ["en", "zh"] as const)
      expect(blocksOf(await readConcept(name, language))[0]?.kind, name).toBe("heading");
  }
  expect(conceptOf("vae.md#what-it-does")).toBe("vae");
  expect(conceptOf("../api.md")).toBeNull();
});
