import { describe, expect, it } from "vitest";
import { MOST_OFFERS, offersFor, typingAt } from "./completing";

const NOTHING = {
  embeddings: [] as string[],
  loras: [] as string[],
  wildcards: [] as string[],
  words: [] as string[],
};

function at(marked: string) {
  const caret = marked.indexOf("|");
  return typingAt(marked.replace("|", ""), caret);
}

describe("what is being typed", () => {
  it.each([
    ["a cat, gold|", "gold", 7],
    ["golden ho|", "golden ho", 0],
    ["(golden ho|:1.2)", "golden ho", 1],
    ["{red, bl|", "bl", 6],
    ["a\ngold|, sun", "gold", 2],
    ["猫|", "猫", 0],
  ])("%s is %s", (text, typed, from) => {
    expect(at(text)).toMatchObject({ kind: "words", typed, from });
  });

  it.each(["", "a cat, |", "g|", "go|ld", "gold |"])("in %s is nothing", (text) => {
    expect(at(text.includes("|") ? text : `${text}|`)).toBeNull();
  });

  it("is an embedding or a LoRA by its mark, with nothing typed of its name", () => {
    expect(at("a embedding:|")).toMatchObject({ kind: "embedding", typed: "", from: 2 });
    expect(at("a <lora:de|")).toMatchObject({ kind: "lora", typed: "de", from: 2 });
    expect(at("<|")).toMatchObject({ kind: "lora", typed: "" });
  });

  it("is a wildcard after two underscores, and nothing once it is whole", () => {
    expect(at("a __|")).toMatchObject({ kind: "wildcard", typed: "", from: 2 });
    expect(at("a {red|__an|}".replace("|", "/"))).toMatchObject({ kind: "wildcard", typed: "an" });
    expect(at("big__places/c|")).toMatchObject({ kind: "wildcard", typed: "places/c", from: 3 });
    expect(at("__animal__|")).not.toMatchObject({ kind: "wildcard" });
    expect(at(String.raw`a \__an|`)).not.toMatchObject({ kind: "wildcard" });
  });

  it("goes on over escaped brackets", () => {
    expect(at(String.raw`cat \(pok|`)).toMatchObject({ typed: String.raw`cat \(pok`, from: 0 });
  });
});

describe("offers", () => {
  function offered(marked: string, known: Partial<typeof NOTHING>) {
    const typing = at(marked);
    return typing ? offersFor(typing, { ...NOTHING, ...known }) : [];
  }

  it("put embeddings in with their mark, without the ending of the file", () => {
    expect(
      offered("embedding:ba|", { embeddings: ["negative/bad-hands.pt", "bad.safetensors"] }),
    ).toMatchObject([{ text: "embedding:bad" }, { text: "embedding:negative/bad-hands" }]);
  });

  it("name the file of a LoRA and put in no text", () => {
    expect(offered("a <de|", { loras: ["detail.safetensors"] })).toMatchObject([
      { text: "", from: 2, file: "detail.safetensors" },
    ]);
  });

  it("put wildcards in with both their marks", () => {
    expect(offered("a __ci|", { wildcards: ["animal", "places/city"] })).toMatchObject([
      { text: "__places/city__", from: 2 },
    ]);
  });

  it("leave out what is there already", () => {
    expect(offered("golden hour|", { words: ["golden hour"] })).toEqual([]);
  });

  it("keep room for names beside many words", () => {
    const words = Array.from({ length: 20 }, (_, place) => `gold ${place}`);
    const offers = offered("gold|", { words, embeddings: ["gold.pt"] });
    expect(offers).toHaveLength(MOST_OFFERS);
    expect(offers.at(-1)).toMatchObject({ kind: "embedding" });
  });
});
