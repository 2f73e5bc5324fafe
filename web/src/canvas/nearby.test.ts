import { expect, it } from "vitest";
import type { Box } from "@/graph/types";
import { freePlace, nearest } from "./nearby";

const boxes = new Map<string, Box>([
  ["right", [200, 10, 100, 50]],
  ["far right", [500, 0, 100, 50]],
  ["below", [20, 200, 100, 50]],
]);

it("the arrow keys go to what is straight ahead", () => {
  const from: Box = [0, 0, 100, 50];
  expect(nearest(from, boxes, "right")).toBe("right");
  expect(nearest(from, boxes, "down")).toBe("below");
  expect(nearest(from, boxes, "left")).toBeNull();
});

it("a new node covers no other", () => {
  const [x, y] = freePlace([210, 0, 100, 50], [...boxes.values()]);
  expect(x).toBe(210);
  expect(y).toBeGreaterThanOrEqual(60);
});
