import { expect, it } from "vitest";
import { bandsOf, type Course, lossPoints, stripOf } from "./course";

const course = (part: Partial<Course>): Course => ({
  steps: [],
  losses: [],
  means: [],
  rates: [],
  levels: { first: [], last: [], errors: [] },
  ...part,
});

it("many steps become few points, each the mean of its own", () => {
  const steps = Array.from({ length: 1000 }, (_, place) => place + 1);
  const { losses, means } = lossPoints(
    course({ steps, losses: steps.map((step) => step % 5), means: steps.map((step) => 1 / step) }),
  );
  expect(losses).toHaveLength(200);
  expect(losses[0]).toEqual([5, 2]);
  expect(means.at(-1)).toEqual([1000, 1 / 1000]);
});

it("few steps stay as they are", () => {
  expect(lossPoints(course({ steps: [1, 2], losses: [4, 2], means: [4, 3] }))).toEqual({
    losses: [
      [1, 4],
      [2, 2],
    ],
    means: [
      [1, 4],
      [2, 3],
    ],
  });
});

it("errors are told by noise level, and levels that nobody was shown are left out", () => {
  const levels = {
    first: [1, 11],
    last: [10, 20],
    errors: [
      [1, 3, null, null],
      [2, null, null, null],
    ],
  };
  expect(bandsOf(course({ levels }))).toEqual([
    {
      from: 0,
      to: 0.5,
      points: [
        [10, 2],
        [20, 2],
      ],
    },
  ]);
});

it("samples stand in rows by prompt and in columns by step", () => {
  const samples = [
    { step: 100, prompt: 0 },
    { step: 0, prompt: 1 },
    { step: 0, prompt: 0 },
  ];
  const { steps, rows } = stripOf(samples);
  expect(steps).toEqual([0, 100]);
  expect(rows).toEqual([
    [samples[2], samples[0]],
    [samples[1], undefined],
  ]);
});
