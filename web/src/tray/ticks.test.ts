import { expect, it } from "vitest";
import { logTicks, ticksOf } from "./ticks";

it("an axis has round numbers around its values", () => {
  expect(ticksOf(0.12, 0.95, 6)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
});

it.each([
  [0.03, 0.7, [0.02, 0.05, 0.1, 0.2, 0.5, 1]],
  [0.1, 0.1, [0.1]],
  [0.0004, 3, [0.0001, 0.001, 0.01, 0.1, 1, 10]],
  [2, 9, [2, 5, 10]],
])("a logarithmic axis from %d to %d has round numbers around them", (low, high, ticks) => {
  expect(logTicks(low, high)).toEqual(ticks);
});
