/** Shares as people read them. */

/** A share in percent, small ones too; what was nothing before has grown beyond measure. */
export function asShare(share: number | null, language: string): string {
  if (share === null || !Number.isFinite(share)) return "∞";
  return share.toLocaleString(language, { style: "percent", maximumSignificantDigits: 2 });
}
