import { describe, expect, it } from "vitest";
import { outline } from "./outline";

function plane(...rows: string[]) {
  const alpha = Uint8Array.from([...rows.join("")], (letter) => (letter === "#" ? 255 : 0));
  return [alpha, rows[0]?.length ?? 0, rows.length] as const;
}

describe("the outline", () => {
  it("goes once around each island and each hole", () => {
    expect(outline(...plane("....", ".##.", ".##.", "...."), 1).match(/M/g)).toHaveLength(1);
    expect(outline(...plane("###", "#.#", "###"), 1).match(/M/g)).toHaveLength(2);
    expect(outline(...plane("#..", "...", "..#"), 1).match(/M/g)).toHaveLength(2);
    expect(outline(...plane("...", "...", "..."), 1)).toBe("");
  });

  it("is closed at every shape of a cell", () => {
    for (let shape = 1; shape < 2 ** 9; shape++) {
      const rows = [0, 3, 6].map((at) =>
        [0, 1, 2].map((bit) => ((shape >> (at + bit)) & 1 ? "#" : ".")).join(""),
      );
      const path = outline(...plane(...rows), 1);
      const painted = rows.join("").split("#").length - 1;
      expect(Math.abs(area(path)), rows.join("/")).toBeGreaterThan(painted * 0.4);
      for (const loop of path.split("Z").slice(0, -1)) expect(loop.match(/L/g)?.length).toBeGreaterThan(2);
    }
  });

  it("is in pixels of the picture", () => {
    const numbers =
      outline(...plane("##", "##"), 8)
        .match(/[\d.]+/g)
        ?.map(Number) ?? [];
    expect(Math.min(...numbers)).toBeCloseTo(0, 0);
    expect(Math.max(...numbers)).toBeCloseTo(16, 0);
  });
});

/** What the loops enclose: holes go the other way round. */
function area(path: string): number {
  let sum = 0;
  for (const loop of path.split("Z").slice(0, -1)) {
    const points = loop
      .slice(1)
      .split("L")
      .map((point) => point.split(" ").map(Number));
    points.forEach(([x = 0, y = 0], at) => {
      const [nextX = 0, nextY = 0] = points[(at + 1) % points.length] ?? [];
      sum += (x * nextY - nextX * y) / 2;
    });
  }
  return sum;
}
