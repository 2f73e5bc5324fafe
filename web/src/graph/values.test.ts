import { describe, expect, it } from "vitest";
import { Digits } from "@/graph/json";
import { hexOf, isColour, limited, stepped, typed, written } from "./values";

const steps = { name: "steps", type: "INT", minimum: 1, maximum: 100 };
const cfg = { name: "cfg", type: "FLOAT", minimum: 0, maximum: 30, step: 0.1 };
const seed = { name: "seed", type: "INT", minimum: 0, maximum: 2 ** 64 };

describe("numbers in widgets", () => {
  it("go on by steps without the noise of binary fractions", () => {
    expect(stepped(0.1, 2, cfg)).toBe(0.3);
    expect(stepped(20, -5, steps)).toBe(15);
  });

  it("stay within their limits", () => {
    expect(stepped(99, 5, steps)).toBe(100);
    expect(limited(-3, cfg)).toBe(0);
  });

  it("keep every digit of large seeds", () => {
    expect(String(stepped(new Digits("18446744073709551600"), 5, seed))).toBe("18446744073709551605");
    expect(String(typed("18446744073709551600", seed))).toBe("18446744073709551600");
  });

  it("are taken as they are typed, sums as well", () => {
    expect(typed("7,5", cfg)).toBe(7.5);
    expect(typed("4*8", steps)).toBe(32);
    expect(typed("many", steps)).toBeNull();
    expect(typed("1/0", steps)).toBeNull();
  });

  it("are written with the places of their step", () => {
    expect(written(5, cfg)).toBe("5.0");
    expect(written(0.25, { ...cfg, step: 0.01 })).toBe("0.25");
    expect(written(20, steps)).toBe("20");
  });
});

it("colours are known by name and limits", () => {
  expect(isColour({ name: "color", type: "INT", maximum: 0xffffff })).toBe(true);
  expect(isColour({ name: "colors", type: "INT", maximum: 256 })).toBe(false);
  expect(hexOf(0x00ff7f)).toBe("#00ff7f");
});
