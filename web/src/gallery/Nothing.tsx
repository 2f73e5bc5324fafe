import { Images, SearchX, Trash2 } from "lucide-react";
import { useTexts } from "@/texts/texts";
import { Button, Empty } from "@/ui";
import { asked, type Filter } from "./filter";

/** What is said where there is no picture. */
export function Nothing({ filter, onClear }: { filter: Filter; onClear: () => void }) {
  const t = useTexts("gallery");
  if (asked(filter) > 0)
    return (
      <Empty icon={SearchX} title={t("nothing found")}>
        <p>{t("nothing found about")}</p>
        <Button onClick={onClear}>{t("clear filters")}</Button>
      </Empty>
    );
  if (filter.source === "bin") return <Empty icon={Trash2} title={t("bin empty")} />;
  return (
    <Empty icon={Images} title={filter.source === "brought" ? t("none brought") : t("none made")}>
      <p>{filter.source === "brought" ? t("none brought about") : t("none made about")}</p>
      {filter.source === "made" && <a href="#/">{t("make one")}</a>}
    </Empty>
  );
}
