import { expect, test } from "vitest";
import { groupAround } from "@/graph/groups";
import { CATALOG, END, opened, PROMPT, SAMPLER, template } from "@/graph/samples";
import { beginMove, moved } from "./moving";

test("what lies in a group moves with it, and only that", () => {
  const { doc, id } = groupAround(opened(template("text-to-image")), [], [PROMPT, SAMPLER], "Work");
  const [x = 0, y = 0] = doc.root.groups.get(id)?.box ?? [];
  const before = doc.root.nodes.get(SAMPLER)?.pos ?? [0, 0];
  const start = beginMove(doc, [], [`g:${id}`]);
  const after = moved(doc, [], CATALOG, new Map([[`g:${id}`, [x + 100, y - 7]]]), start);
  expect(after.root.groups.get(id)?.box.slice(0, 2)).toEqual([x + 100, y - 7]);
  expect(after.root.nodes.get(SAMPLER)?.pos).toEqual([before[0] + 100, before[1] - 7]);
  expect(after.root.nodes.get(END)).toBe(doc.root.nodes.get(END));
});
