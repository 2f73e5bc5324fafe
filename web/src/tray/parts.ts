/** What the parts of a file are called, which the server tells in English. */

import type { useTexts } from "@/texts/texts";

type Say = ReturnType<typeof useTexts<"tray">>;

/** As they begin; behind that may stand which of several it is. */
const TITLES = [
  "averaged copy of the denoiser",
  "denoiser",
  "text encoder",
  "VAE",
  "CLIP vision",
  "everything else",
] as const;

export function partName(name: string, t: Say): string {
  const title = TITLES.find((each) => name === each || name.startsWith(`${each} `));
  return title ? t(`part ${title}`) + name.slice(title.length) : name;
}
