import { expect, it } from "vitest";
import { GIGABYTE, limitOf } from "./units";

it("a limit is none where nothing, or no number, stands there", () => {
  expect(limitOf("", 1)).toBeNull();
  expect(limitOf("a", 1)).toBeNull();
  expect(limitOf("-1", 1)).toBeNull();
  expect(limitOf("0", 60)).toBe(0);
  expect(limitOf("1.5", GIGABYTE)).toBe(1_500_000_000);
});
