export const GIGABYTE = 1_000_000_000; // bytes

/** A number that may be left out: what is not a number above zero is none. */
export function limitOf(text: string, unit: number): number | null {
  const number = Number(text);
  return text.trim() !== "" && Number.isFinite(number) && number >= 0 ? number * unit : null;
}
