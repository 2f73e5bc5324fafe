/** A number of bytes as people read it, such as `1.2 GB`. */
export function sizeText(bytes: number, language: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
  let power = 0;
  let number = bytes;
  while (number >= 999.5 && power < units.length - 1) {
    number /= 1000;
    power++;
  }
  return number.toLocaleString(language, {
    style: "unit",
    unit: units[power],
    unitDisplay: power ? "short" : "long",
    maximumFractionDigits: number < 10 && power ? 1 : 0,
  });
}

/** How long something takes, such as `2 minutes`; `digits` behind the point of a few seconds. */
export function durationText(seconds: number, language: string, digits = 0): string {
  const [unit, long] =
    seconds < 90
      ? (["second", 1] as const)
      : seconds < 5400
        ? (["minute", 60] as const)
        : (["hour", 3600] as const);
  const number = Math.max(seconds / long, digits ? 0 : 1);
  return number.toLocaleString(language, {
    style: "unit",
    unit,
    unitDisplay: "long",
    maximumFractionDigits: unit === "hour" ? 1 : unit === "second" && number < 10 ? digits : 0,
  });
}

/** A moment, in seconds since 1970. */
export function timeText(seconds: number, language: string): string {
  return new Date(seconds * 1000).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
}

/** The day of a moment, in seconds since 1970. */
export function dayText(seconds: number, language: string): string {
  return new Date(seconds * 1000).toLocaleDateString(language, { dateStyle: "medium" });
}
