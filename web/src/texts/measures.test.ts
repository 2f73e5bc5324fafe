import { expect, it } from "vitest";
import { durationText, sizeText } from "./measures";

it.each([
  [0, "0 bytes"],
  [999, "999 bytes"],
  [1500, "1.5 kB"],
  [44_000_000, "44 MB"],
  [999_900_000, "1 GB"],
  [6_938_000_000, "6.9 GB"],
])("%d bytes are read as %s", (bytes, text) => {
  expect(sizeText(bytes, "en")).toBe(text);
});

it.each([
  [0.2, "1 second"],
  [2.4, "2 seconds"],
  [89, "89 seconds"],
  [130, "2 minutes"],
  [5000, "83 minutes"],
  [9000, "2.5 hours"],
])("%d seconds are said as %s", (seconds, text) => {
  expect(durationText(seconds, "en")).toBe(text);
});

it("a time that was measured may be said more exactly", () => {
  expect(durationText(2.44, "en", 1)).toBe("2.4 seconds");
  expect(durationText(0.3, "en", 1)).toBe("0.3 seconds");
});
