import { expect, it } from "vitest";
import { addressOf, type Place, readPlace } from "./place";

it.each([
  { at: "list" },
  { at: "new" },
  { at: "run", name: "my dog" },
  { at: "run", name: "100 %" },
] satisfies Place[])("an address leads back to where it was written: %o", (place) => {
  expect(readPlace(addressOf(place))).toEqual(place);
});

it.each(["/training/", "/training/run/", "/training/run/%E0%A4%A", "/training/other"])(
  "%s, which leads nowhere, leads to the list",
  (address) => {
    expect(readPlace(address)).toEqual({ at: "list" });
  },
);
