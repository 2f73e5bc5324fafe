import { useTexts } from "@/texts/texts";
import { Dialog } from "@/ui";
import { asked } from "./asking";
import { ALL, type Command, keyText } from "./commands";
import type { TextKey } from "./desk";
import styles from "./dialogs.module.css";

const GROUPS: readonly Command["group"][] = ["run", "edit", "node", "arrange", "file", "look"];
const MOVES: readonly (readonly [key: string, label: TextKey])[] = [
  ["↑ ↓ ← →", "key between nodes"],
  ["Enter", "key into node"],
  ["↑ ↓", "key rows"],
  ["Esc", "key out"],
  ["Shift+↑ ↓ ← →", "key nudge"],
  ["Space", "key select"],
];

/** What the mouse and the keyboard do. */
export function Help() {
  const t = useTexts("canvas");
  return (
    <Dialog title={t("help")} size="wide" onClose={asked}>
      <div className={styles.help}>
        <section>
          <h3>{t("with the mouse")}</h3>
          <ul>
            {(
              [
                "mouse add",
                "mouse wire",
                "mouse drop",
                "mouse unplug",
                "mouse box",
                "mouse pan",
                "mouse waypoint",
                "mouse number",
                "mouse title",
              ] as const
            ).map((key) => (
              <li key={key}>{t(key)}</li>
            ))}
          </ul>
        </section>
        <section>
          <h3>{t("with the keyboard")}</h3>
          <dl>
            {MOVES.map(([key, label]) => (
              <div key={label}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{t(label)}</dd>
              </div>
            ))}
          </dl>
          <p className={styles.hint}>{t("key socket")}</p>
        </section>
        {GROUPS.map((group) => (
          <section key={group}>
            <h3>{t(`group ${group}`)}</h3>
            <dl>
              {ALL.filter((one) => one.group === group && one.keys.length > 0).map(
                ({ name, label, keys }) => (
                  <div key={name}>
                    <dt>
                      {keys.map((key) => (
                        <kbd key={key}>{keyText(key)}</kbd>
                      ))}
                    </dt>
                    <dd>{t(label)}</dd>
                  </div>
                ),
              )}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
