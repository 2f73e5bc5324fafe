import { useState } from "react";
import { upload } from "@/api/client";
import { queries } from "@/api/queries";
import { useTexts } from "@/texts/texts";
import { say, sayFailure } from "@/ui";

/** Brings pictures in, one after another. */
export function useImport(onShow: () => void): { isBusy: boolean; bring: (files: readonly File[]) => void } {
  const t = useTexts("gallery");
  const [isBusy, setBusy] = useState(false);
  async function bring(files: readonly File[]) {
    setBusy(true);
    let brought = 0;
    for (const file of files) {
      try {
        await upload(file, file.name);
        brought++;
      } catch (error) {
        sayFailure(error);
      }
    }
    setBusy(false);
    if (!brought) return;
    void queries.invalidateQueries({ queryKey: ["assets"] });
    say(t("brought in", { n: brought }), { action: { label: t("show them"), act: onShow } });
  }
  return {
    isBusy,
    bring: (files) => {
      if (files.length) void bring(files);
    },
  };
}
