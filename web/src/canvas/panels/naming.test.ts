import { expect, it } from "vitest";
import { setTitle } from "@/graph/edit";
import { expose } from "@/graph/expose";
import { CATALOG, NEGATIVE, opened, SAMPLER, template } from "@/graph/samples";
import { suggestedLabel } from "./naming";

const doc = opened(template("text-to-image"));

it("a field is called as its widget, and with its node's title where another is called so", () => {
  expect(suggestedLabel(doc, [], CATALOG, SAMPLER, "sampler_name")).toBe("Sampler name");
  const taken = expose(doc, [], "9", "steps", "Steps");
  expect(suggestedLabel(taken, [], CATALOG, SAMPLER, "steps")).toBe("Sampler: Steps");
});

it("the only setting of a node is called by the node's title, else by what its text is used as", () => {
  expect(suggestedLabel(doc, [], CATALOG, NEGATIVE, "text")).toBe("Negative prompt");
  const untitled = setTitle(doc, [], NEGATIVE, "");
  expect(suggestedLabel(untitled, [], CATALOG, NEGATIVE, "text")).toBe("Negative");
});
