/** How training goes, as curves. */

import type { Schemas } from "@/api/client";

export type Course = Schemas["CourseView"];
export type Point = readonly [x: number, y: number];

const MOST_POINTS = 200; // of a curve: more cannot be told apart, and are slow to draw
const TOGETHER = 2; // bands of noise levels that become one line

/** The loss by step, and its running mean. */
export function lossPoints({ steps, losses, means }: Course): {
  losses: readonly Point[];
  means: readonly Point[];
} {
  const size = Math.max(1, Math.ceil(steps.length / MOST_POINTS));
  const found: { losses: Point[]; means: Point[] } = { losses: [], means: [] };
  for (let from = 0; from < steps.length; from += size) {
    const some = losses.slice(from, from + size);
    const last = from + some.length - 1;
    const step = steps[last] ?? 0;
    found.losses.push([step, some.reduce((sum, loss) => sum + loss, 0) / some.length]);
    found.means.push([step, means[last] ?? 0]);
  }
  return found;
}

export interface Band {
  /** Noise levels, as shares of the schedule. */
  readonly from: number;
  readonly to: number;
  readonly points: readonly Point[];
}

/** The error of each band of noise levels, by the last step of each span. */
export function bandsOf({ levels }: Course): readonly Band[] {
  const count = levels.errors[0]?.length ?? 0;
  const bands: Band[] = [];
  for (let from = 0; from < count; from += TOGETHER) {
    const points = levels.errors.flatMap((errors, span): Point[] => {
      const told = errors.slice(from, from + TOGETHER).filter((error) => error !== null);
      const step = levels.last[span];
      return told.length && step !== undefined
        ? [[step, told.reduce((sum, error) => sum + error, 0) / told.length]]
        : [];
    });
    if (points.length) bands.push({ from: from / count, to: (from + TOGETHER) / count, points });
  }
  return bands;
}

/** Samples as a table: the steps that have some, and of each prompt its picture after each of them. */
export function stripOf<Sample extends { step: number; prompt: number }>(
  samples: readonly Sample[],
): { steps: readonly number[]; rows: readonly (readonly (Sample | undefined)[])[] } {
  const steps = [...new Set(samples.map(({ step }) => step))].sort((one, other) => one - other);
  const prompts = [...new Set(samples.map(({ prompt }) => prompt))].sort((one, other) => one - other);
  const rows = prompts.map((prompt) =>
    steps.map((step) => samples.find((sample) => sample.step === step && sample.prompt === prompt)),
  );
  return { steps, rows };
}
