import { crc32 as zlibCrc } from "node:zlib";
import { describe, expect, it } from "vitest";
import { difference } from "./difference";
import { crc32, isPng, textsIn, withTexts } from "./png";
import { cornerOf, measured, wrapped } from "./sheet";
import { moved, WHOLE, zoomed } from "./zoom";

const DOT = Uint8Array.from(
  atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="),
  (letter) => letter.charCodeAt(0),
);

describe("texts in a PNG", () => {
  it("are read again, with signs of all languages", () => {
    const texts = { workflow: '{"a": "一只猫"}', safelight: "é".repeat(70_000) };
    const written = withTexts(DOT, texts);
    expect(textsIn(written)).toEqual(texts);
    expect(isPng(written)).toBe(true);
  });

  it("stand after the head and leave every other byte as it was", () => {
    const written = withTexts(DOT, { a: "b" });
    const added = written.length - DOT.length;
    expect(written.slice(0, 33)).toEqual(DOT.slice(0, 33));
    expect(written.slice(33 + added)).toEqual(DOT.slice(33));
  });

  it("are guarded by the checksum that zlib computes", () => {
    const bytes = new TextEncoder().encode("iTXtworkflow");
    expect(crc32(bytes)).toBe(zlibCrc(bytes));
    expect(() => withTexts(new Uint8Array(40), {})).toThrow();
  });
});

describe("the sheet of a grid", () => {
  it("gives each cell a place of its own inside", () => {
    const measures = measured([3, 2, 2], [256, 128], 9, true);
    const corners = [0, 1].flatMap((page) =>
      [0, 1].flatMap((row) => [0, 1, 2].map((column) => cornerOf(measures, [column, row, page]))),
    );
    for (const [x, y] of corners) {
      expect(x + measures.cell[0]).toBeLessThanOrEqual(measures.width);
      expect(y + measures.cell[1]).toBeLessThanOrEqual(measures.height);
    }
    expect(new Set(corners.map(String)).size).toBe(12);
    expect(measures.cell).toEqual([256, 128]);
  });

  it("becomes smaller before a browser could not draw it", () => {
    const { width, height } = measured([30, 30, 1], [2048, 2048], 40, false);
    expect(Math.max(width, height)).toBeLessThanOrEqual(16_000);
    expect(width * height).toBeLessThanOrEqual(100_000_000);
  });

  it("breaks labels into lines that fit, Chinese ones too", () => {
    const widthOf = (text: string) => text.length;
    expect(wrapped("a red car on a hill", 9, 3, widthOf)).toEqual(["a red car", "on a hill"]);
    expect(wrapped("a red car on a hill", 9, 1, widthOf)).toEqual(["a red ca…"]);
    expect(wrapped("一只红色的猫", 3, 2, widthOf)).toEqual(["一只红", "色的猫"]);
    expect(wrapped("dpmpp_2m_sde_gpu", 8, 2, widthOf)).toEqual(["dpmpp_2m", "_sde_gpu"]);
  });
});

describe("zooming", () => {
  it("keeps what is under the pointer there, and stays within the picture", () => {
    const at = [0.25, -0.1] as const;
    const near = zoomed(WHOLE, 4, at);
    const under = (zoom: typeof near) => [at[0] / zoom.scale - zoom.x, at[1] / zoom.scale - zoom.y];
    const [x, y] = under(near);
    expect(x).toBeCloseTo(0.25);
    expect(y).toBeCloseTo(-0.1);
    expect(zoomed(near, 0.1)).toEqual({ scale: 1, x: 0, y: 0 });
    expect(moved(near, 100, 0).x).toBeCloseTo(0.375);
  });
});

describe("the difference of two pictures", () => {
  it("is nothing for the same, and all for black and white", () => {
    const black = Uint8ClampedArray.of(0, 0, 0, 255);
    const white = Uint8ClampedArray.of(255, 255, 255, 255);
    expect(difference(black, black).share).toBe(0);
    expect(difference(black, black).pixels[3]).toBe(0);
    expect(difference(black, white).share).toBe(1);
    expect(difference(black, white).pixels[3]).toBe(255);
  });
});
