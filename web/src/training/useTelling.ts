import { durationText, sizeText } from "@/texts/measures";
import { useLanguage, useTexts } from "@/texts/texts";
import type { Run } from "./requests";

/** How a run stands, in words. */
export function useTelling() {
  const t = useTexts("training");
  const { language } = useLanguage();
  const known = (key: string, usual: string) => {
    const told = t(key as "training");
    return told === key ? usual : told;
  };
  return {
    stateOf: ({ state }: Pick<Run, "state">) => t(`state ${state}`),
    /** What a kind of run makes. */
    kindOf: (kind: string) => known(`kind ${kind}`, kind),
    /** What a setting is called; one without a name of its own as the file has it. */
    settingOf: (path: string) =>
      known(
        `set ${path}`,
        known(`set ${path.split(".")[1]}`, (path.split(".")[1] ?? path).replaceAll("_", " ")),
      ),
    tableOf: (name: string) => known(`table ${name}`, name),
    leftOf: ({ seconds_left: seconds }: Pick<Run, "seconds_left">) =>
      seconds === null ? "" : t("time left", { time: durationText(seconds, language) }),
    tookOf: ({ seconds }: Pick<Run, "seconds">) => durationText(seconds, language),
    memoryOf: ({ memory_left: bytes }: Pick<Run, "memory_left">) =>
      bytes === null ? "" : t("memory left", { size: sizeText(bytes, language) }),
    lossOf: ({ loss }: Pick<Run, "loss">) =>
      loss === null
        ? ""
        : t("loss of", { loss: loss.toLocaleString(language, { maximumSignificantDigits: 3 }) }),
  };
}
