import { expect, it } from "vitest";
import { Digits, type Json } from "@/graph/json";
import { grouped, replaced } from "./missingFiles";

it("a file is replaced wherever it stands alone, and nothing else is touched", () => {
  const seed = new Digits("18446744073709551615");
  const document: Json = {
    nodes: [{ widgets_values: ["old.pt", 1, "see old.pt"], seed }, { ckpt: "old.pt" }],
    off: null,
  };
  expect(replaced(document, "old.pt", "new.pt")).toEqual({
    nodes: [{ widgets_values: ["new.pt", 1, "see old.pt"], seed }, { ckpt: "new.pt" }],
    off: null,
  });
});

it("a missing file is told once, with all workflows that name it", () => {
  const one = { id: "w1", name: "One", version: 1 };
  const other = { id: "w2", name: "Other", version: 3 };
  const missing = { folder: "loras", name: "ink.pt", nearest: ["ink2.pt"] };
  const found = grouped([
    { missing, workflow: one },
    { missing, workflow: one },
    { missing, workflow: other },
    { missing: { ...missing, folder: "vae" }, workflow: other },
  ]);
  expect(found).toHaveLength(2);
  expect(found[0]?.workflows).toEqual([one, other]);
});
