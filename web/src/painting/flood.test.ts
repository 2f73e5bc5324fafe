import { describe, expect, it } from "vitest";
import { flooded } from "./flood";

function filled(x: number, y: number, ...rows: string[]): string[] {
  const width = rows[0]?.length ?? 0;
  const alpha = Uint8Array.from([...rows.join("")], (letter) => (letter === "#" ? 255 : 0));
  const inside = [...flooded(alpha, width, rows.length, x, y)].map((value) => (value ? "o" : "."));
  return rows.map((_, row) => inside.slice(row * width, (row + 1) * width).join(""));
}

describe("filling", () => {
  it("stays inside of an outline, and goes under its edge", () => {
    expect(filled(2, 2, "......", ".####.", ".#..#.", ".####.", "......")).toEqual([
      "......",
      "..oo..",
      ".oooo.",
      "..oo..",
      "......",
    ]);
  });

  it("finds its way around corners", () => {
    const spiral = [
      "#########",
      "#.......#",
      "#######.#",
      "#.....#.#",
      "#.###.#.#",
      "#.#...#.#",
      "#.#####.#",
      "#.......#",
    ];
    const inside = filled(1, 1, ...spiral).join("");
    expect([...spiral.join("")].every((letter, at) => letter === "#" || inside[at] === "o")).toBe(true);
  });

  it("takes what is painted, where it begins on paint", () => {
    expect(filled(0, 0, "#...", "....", "...#")).toEqual(["oo..", "o...", "...."]);
  });

  it("fills everything where nothing is in the way, and nothing from outside", () => {
    expect(filled(0, 0, "..", "..")).toEqual(["oo", "oo"]);
    expect(filled(9, 0, "..", "..")).toEqual(["..", ".."]);
  });
});
