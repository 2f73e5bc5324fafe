import { FolderPlus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTexts } from "@/texts/texts";
import { Button, IconButton, Spinner, TextField } from "@/ui";
import { Group } from "./parts";
import { Coming, SaveRow } from "./Saving";
import styles from "./settings.module.css";
import { useServerSettings } from "./useServerSettings";

/** Where everything lies, and further folders that models are looked for in. */
export function FoldersPart() {
  const t = useTexts("settings");
  const settings = useServerSettings();
  const { view, isLocked, texts, put } = settings;
  const [path, setPath] = useState("");
  if (!view) return settings.error ? <Coming settings={settings} /> : <Spinner label={t("loading")} />;
  const roots = texts("model_roots");
  const isFixed = isLocked("model_roots");
  const home = view.settings.home;
  return (
    <>
      <Coming settings={settings} />
      {typeof home === "string" && (
        <Group title={t("home")} about={t("home about")}>
          <p className={styles.path}>{home}</p>
        </Group>
      )}
      <Group title={t("set model_roots")} about={t("roots about")}>
        {roots.length > 0 && (
          <ul className={styles.list}>
            {roots.map((root) => (
              <li key={root} className={styles.entry}>
                <span className={styles.path}>{root}</span>
                {!isFixed && (
                  <IconButton
                    icon={Trash2}
                    label={t("remove folder", { name: root })}
                    onClick={() => put({ model_roots: roots.filter((other) => other !== root) })}
                  />
                )}
              </li>
            ))}
          </ul>
        )}
        {isFixed ? (
          <p className={styles.small}>{t("set elsewhere")}</p>
        ) : (
          <form
            className={styles.row}
            onSubmit={(event) => {
              event.preventDefault();
              const added = path.trim();
              if (!added || roots.includes(added)) return;
              put({ model_roots: [...roots, added] });
              setPath("");
            }}
          >
            <div className={styles.grow}>
              <TextField
                label={t("further folder")}
                placeholder="/home/ann/ComfyUI"
                value={path}
                onChange={setPath}
              />
            </div>
            <Button type="submit" icon={FolderPlus} disabled={!path.trim()}>
              {t("add folder")}
            </Button>
          </form>
        )}
        <SaveRow settings={settings} />
      </Group>
      <Group title={t("where models")} about={t("where models about")}>
        <dl className={styles.places}>
          {view.folders.map(({ folder, paths }) => (
            <div key={folder}>
              <dt>{folder}</dt>
              {paths.map((one) => (
                <dd key={one} className={styles.path}>
                  {one}
                </dd>
              ))}
            </div>
          ))}
        </dl>
      </Group>
    </>
  );
}
