import { expect, it } from "vitest";
import { inkOn, typeColour } from "./typeColours";

it("a type that is in no table has a colour of its own, always the same", () => {
  expect(typeColour("MY_TYPE")).toBe(typeColour("MY_TYPE"));
  expect(typeColour("MODEL")).not.toBe(typeColour("LATENT"));
});

it("words on a colour are the ones that can be read", () => {
  expect(inkOn("#322")).toBe("light");
  expect(inkOn("#ffe")).toBe("dark");
  expect(inkOn("red")).toBeNull();
});
