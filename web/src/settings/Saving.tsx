import { failure } from "@/api/client";
import { said } from "@/texts/said";
import { useTexts } from "@/texts/texts";
import { Button, Notice, Trouble } from "@/ui";
import styles from "./settings.module.css";
import type { ServerSettings } from "./useServerSettings";

/** What waits for a restart, and what is wrong with the file. */
export function Coming({ settings: { view, error, isAdmin } }: { settings: ServerSettings }) {
  const t = useTexts("settings");
  return (
    <>
      {error && <Trouble failure={failure(error)} />}
      {view?.problem && (
        <Notice kind="bad">
          <p>{said().text(view.problem)}</p>
        </Notice>
      )}
      {view && view.restart.length > 0 && (
        <Notice>
          <p>{t("after restart")}</p>
          <p className={styles.small}>{view.restart.map((name) => settingName(name, t)).join(" · ")}</p>
        </Notice>
      )}
      {!isAdmin && <p className={styles.about}>{t("admins only")}</p>}
    </>
  );
}

/** Saves what was changed, or takes it back. Its room is there from the start, so that nothing jumps. */
export function SaveRow({
  settings: { isAdmin, isChanged, isBusy, save, undo },
}: {
  settings: ServerSettings;
}) {
  const t = useTexts("settings");
  if (!isAdmin) return null;
  return (
    <div className={styles.save}>
      <Button look="primary" busy={isBusy} disabled={!isChanged} onClick={() => void save()}>
        {t("save")}
      </Button>
      <Button look="quiet" disabled={!isChanged || isBusy} onClick={undo}>
        {t("undo changes")}
      </Button>
      <span className={styles.small}>{t("counts after restart")}</span>
    </div>
  );
}

/** What a setting is called; one without a name of its own as the file has it. */
function settingName(name: string, t: ReturnType<typeof useTexts<"settings">>): string {
  const known = {
    model_roots: t("set model_roots"),
    device: t("set device"),
    dtype: t("set dtype"),
    vram: t("set vram"),
    cache_bytes: t("set cache_bytes"),
    disk_cache_bytes: t("set disk_cache_bytes"),
    fetch_urls: t("set fetch_urls"),
    job_seconds: t("set job_seconds"),
    most_queued: t("set most_queued"),
    upload_bytes: t("set upload_bytes"),
    spare_bytes: t("set spare_bytes"),
    find_pictures: t("set find_pictures"),
    clip_model: t("set clip_model"),
  };
  return name in known ? known[name as keyof typeof known] : name;
}
