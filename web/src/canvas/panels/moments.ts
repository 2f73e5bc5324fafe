/** Times as people say them. */

const UNITS: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number])[] = [
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const A_DAY = 86_400; // seconds

/** How long ago for what is of today, else the date; `at` and `now` in seconds since 1970. */
export function whenText(at: number, language: string, now = Date.now() / 1000): string {
  const ago = Math.max(0, now - at);
  if (ago >= A_DAY) {
    return new Date(at * 1000).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
  }
  const [unit, seconds] = UNITS.find(([, long]) => ago >= long) ?? (["second", 1] as const);
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(-Math.floor(ago / seconds), unit);
}
