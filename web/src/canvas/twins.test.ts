import { expect, it } from "vitest";
import { addNode, setTitle, setValue } from "@/graph/edit";
import { CATALOG, NEGATIVE, opened, PROMPT, SAMPLER, template } from "@/graph/samples";
import type { Doc } from "@/graph/types";
import english from "@/texts/en";
import { useLanguage } from "@/texts/texts";
import { apart } from "./twins";

useLanguage.setState({ language: "en", rooms: english });

const prompts = [PROMPT, NEGATIVE].reduce(
  (doc, id) => setTitle(doc, [], id, ""),
  opened(template("text-to-image")),
);

function said(doc: Doc): (string | undefined)[] {
  const notes = apart(doc, doc.root, CATALOG);
  return [PROMPT, NEGATIVE].map((id) => notes.get(id));
}

function withText(text: string, ...ids: string[]): Doc {
  return ids.reduce((doc, id) => setValue(doc, [], id, "text", text), prompts);
}

it("a title that one node has needs no more", () => {
  expect(apart(prompts, prompts.root, CATALOG).has(SAMPLER)).toBe(false);
});

it("prompts are told apart by what they say", () => {
  const doc = setValue(withText("a cat", PROMPT), [], NEGATIVE, "text", "very  blurry ".repeat(9));
  expect(said(doc)).toEqual(["“a cat”", "“very blurry very blurry very…”"]);
});

it("those that say the same by where they lead", () => {
  expect(said(withText("a cat", PROMPT, NEGATIVE))).toEqual(["to Sampler positive", "to Sampler negative"]);
});

it("those that are alike in all by their place from the left", () => {
  const at = (doc: Doc, x: number) => addNode(doc, [], CATALOG, { type: "ImageInvert", pos: [x, 0] });
  const first = at(prompts, 900);
  const both = at(first.doc, 100);
  const notes = apart(both.doc, both.doc.root, CATALOG);
  expect([notes.get(first.id), notes.get(both.id)]).toEqual(["no. 2 from the left", "no. 1 from the left"]);
});
