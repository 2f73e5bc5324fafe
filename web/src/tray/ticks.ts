/** Round numbers for axes. */

/** The least and the greatest of some numbers that are finite. */
export function reach(values: readonly number[]): [low: number, high: number] {
  const finite = values.filter(Number.isFinite);
  if (!finite.length) return [0, 1];
  return [Math.min(...finite), Math.max(...finite)];
}

/** At most so many round numbers from a low one to a high one, and one past each end unless they are to lie between. */
export function ticksOf(low: number, high: number, most: number, isWhole = false): number[] {
  if (high <= low) return [low];
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(
    isWhole ? 1 : 0,
    [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough) ?? rough,
  );
  const first = isWhole ? Math.ceil(low / step) : Math.floor(low / step);
  const last = isWhole ? Math.floor(high / step) : Math.ceil(high / step);
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/** The one of some numbers that is nearest to another. */
export function nearest(values: readonly number[], wished: number): number {
  return values.reduce(
    (best, value) => (Math.abs(value - wished) < Math.abs(best - wished) ? value : best),
    values[0] ?? 0,
  );
}
