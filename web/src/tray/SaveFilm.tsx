import { Download } from "lucide-react";
import { useEffect, useRef } from "react";
import { useExperiment } from "@/live/useExperiment";
import { useTexts } from "@/texts/texts";
import { Button, saveToDisk } from "@/ui";
import { type Film, savedFilm } from "./experiments";

/** Keeps a film among the pictures, and hands it to the person. Its frames are known, so that nothing is made again. */
export function SaveFilm({ film }: { film: Film | null }) {
  const t = useTexts("tray");
  const { outcome, isBusy, begin } = useExperiment<null, Film>(t("save film"));
  const handed = useRef("");
  useEffect(() => {
    const [file] = outcome?.pictures ?? [];
    if (!outcome || !file || handed.current === outcome.id) return;
    handed.current = outcome.id;
    saveToDisk(`/api/v1/assets/${file.id}/file?save=true`);
  }, [outcome]);
  return (
    <Button
      icon={Download}
      busy={isBusy}
      disabled={!film}
      onClick={() => film && begin(savedFilm(film), film)}
    >
      {t("save film")}
    </Button>
  );
}
