import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { added, type Curve, curveOf, divided, heightsOf, inverted, moved, removed, STRAIGHT } from "./curve";

interface Table {
  at: number[];
  curves: Record<string, { points: Curve; heights: number[] }>;
}

/** What the server's curves are tested with. */
const { at, curves }: Table = JSON.parse(
  readFileSync(new URL("../../../tests/diffusion/curves.json", import.meta.url), "utf-8"),
);
const BENT: Curve = [
  [0, 0],
  [0.5, 0.25],
  [1, 1],
];

it.each(Object.entries(curves))(
  "a curve is drawn as the server works it out: %s",
  (_, { points, heights }) => {
    const height = heightsOf(points);
    for (const [place, x] of at.entries()) expect(height(x)).toBeCloseTo(heights[place] ?? Number.NaN, 5);
  },
);

it("what is no curve is told from one", () => {
  expect(curveOf([...BENT])).toEqual(BENT);
  for (const other of [
    null,
    "x",
    [],
    [[0, 0]],
    [
      [0, 0],
      [0, 1],
    ],
    [
      [0, 0],
      [1, 2],
    ],
    [[0, 0], [1]],
    ["1", 0],
  ])
    expect(curveOf(other)).toBeNull();
});

it("a point stays between its neighbours and inside", () => {
  expect(moved(BENT, 1, [0.7123456, 0.5])[1]).toEqual([0.712, 0.5]);
  expect(moved(BENT, 1, [5, -3])[1]).toEqual([0.99, 0]);
  expect(moved(BENT, 0, [0.8, 2])[0]).toEqual([0.49, 1]);
  expect(moved(BENT, 2, [0.1, 0.1])[2]).toEqual([0.51, 0.1]);
});

it("a new point comes between those beside it", () => {
  expect(added(BENT, [0.2, 0.9])).toEqual({ curve: [[0, 0], [0.2, 0.9], ...BENT.slice(1)], place: 1 });
  expect(added(BENT, [0.501, 0])?.curve[2]).toEqual([0.51, 0]);
  expect(
    added(
      [
        [0.5, 0],
        [0.515, 1],
      ],
      [0.51, 0],
    ),
  ).toBeNull();
  let most: Curve = STRAIGHT;
  for (let next = divided(most, null); next; next = divided(most, null)) most = next.curve;
  expect(most).toHaveLength(64);
});

it("a point that is put on the curve leaves its heights there as they are", () => {
  expect(divided(STRAIGHT, null)).toEqual({
    curve: [
      [0, 0],
      [0.5, 0.5],
      [1, 1],
    ],
    place: 1,
  });
  expect(divided(BENT, 1)?.curve[2]).toEqual([0.75, 0.594]);
  expect(divided(BENT, 2)?.place).toBe(2);
});

it("two points always stay", () => {
  expect(removed(BENT, 1)).toEqual(STRAIGHT);
  expect(removed(STRAIGHT, 1)).toBe(STRAIGHT);
});

it("what is inverted twice is as it was", () => {
  expect(inverted(BENT)).toEqual([
    [0, 1],
    [0.5, 0.75],
    [1, 0],
  ]);
  expect(inverted(inverted(BENT))).toEqual(BENT);
});
