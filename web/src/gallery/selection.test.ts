import { expect, it } from "vitest";
import { extended, NOTHING, toggled, without } from "./selection";

const idAt = (place: number) => ["a", "b", "c", "d", undefined, "f"][place];

it("choosing twice is not choosing", () => {
  const one = toggled(NOTHING, "a", 0);
  expect([...one.ids]).toEqual(["a"]);
  expect(toggled(one, "a", 0)).toEqual(NOTHING);
});

it("a range goes from the last one that was chosen, either way", () => {
  const third = toggled(NOTHING, "c", 2);
  expect([...extended(third, 0, idAt).ids].sort()).toEqual(["a", "b", "c"]);
  expect([...extended(third, 5, idAt).ids].sort()).toEqual(["c", "d", "f"]);
  expect(extended(third, 5, idAt).from).toBe(2);
});

it("a range with nothing before it is one picture", () => {
  expect([...extended(NOTHING, 1, idAt).ids]).toEqual(["b"]);
});

it("what is gone is not chosen", () => {
  const two = toggled(toggled(NOTHING, "a", 0), "b", 1);
  expect([...without(two, ["a"]).ids]).toEqual(["b"]);
  expect(without(two, ["a", "b"])).toEqual(NOTHING);
});
