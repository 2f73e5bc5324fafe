/** The plan of a run: where its calls of the model lie, and how much of the picture shows through the noise. */

import type { Recording } from "./recording";

/**
 * Natural logarithm of signal to noise, as variances.
 *
 * Noise is added to the picture (sigma is its strength), or mixed in linearly (`flow`: sigma is its share).
 */
export function logSnr(sigma: number, flow: boolean): number {
  return 2 * Math.log((flow ? 1 - sigma : 1) / sigma);
}

/** For each call of the model, its place among the steps by its noise level, and that level. */
export function placesOfCalls({
  calls,
  callSteps,
  sigmas,
}: Pick<Recording, "calls" | "callSteps" | "sigmas">): [x: number, sigma: number][] {
  return calls.map((sigma, nth) => {
    const step = callSteps[nth] ?? 0;
    const [from, to] = [sigmas[step] ?? sigma, sigmas[step + 1] ?? 0];
    const share = from > to ? (from - sigma) / (from - to) : 0;
    return [step + Math.min(1, Math.max(0, share)), sigma];
  });
}
