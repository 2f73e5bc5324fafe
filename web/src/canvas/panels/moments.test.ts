import { expect, it } from "vitest";
import { whenText } from "./moments";

const NOW = 1_800_000_000;

it.each([
  [0, "now"],
  [59, "59 seconds ago"],
  [150, "2 minutes ago"],
  [7300, "2 hours ago"],
])("what was %d seconds ago is told as %s", (ago, text) => {
  expect(whenText(NOW - ago, "en", NOW)).toBe(text);
});

it("what was before today has its date", () => {
  expect(whenText(NOW - 400_000, "en", NOW)).toContain("2027");
});
