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

/** Round numbers for a logarithmic axis, from below a low one to above a high one, both above 0. */
export function logTicks(low: number, high: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.floor(Math.log10(high))];
  // over a few powers of ten there is room for numbers between them
  const between = last - first < 3 ? [1, 2, 5] : [1];
  const all = Array.from({ length: last - first + 2 }, (_, at) => 10 ** (first + at)).flatMap((power) =>
    between.map((one) => Number((one * power).toPrecision(3))),
  );
  const from = all.findLastIndex((tick) => tick <= low);
  const to = all.findIndex((tick) => tick >= high);
  return all.slice(from, to + 1);
}

/** The one of some numbers that is nearest to another. */
export function nearest(values: readonly number[], wished: number): number {
  return values.reduce(
    (best, value) => (Math.abs(value - wished) < Math.abs(best - wished) ? value : best),
    values[0] ?? 0,
  );
}
