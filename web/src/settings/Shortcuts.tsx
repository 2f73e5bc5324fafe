import { VIEWS } from "@/app/views";
import { ALL, keyText } from "@/canvas/commands";
import { TOOL_KEYS } from "@/painting/useKeys";
import { useTexts } from "@/texts/texts";
import { Group } from "./parts";
import styles from "./settings.module.css";

interface Row {
  keys: readonly string[];
  label: string;
}

/** All keys. Those of views, of the graph and of painting come from the tables that these act by. */
export default function Shortcuts() {
  const t = useTexts("settings");
  const app = useTexts("app");
  const canvas = useTexts("canvas");
  const painting = useTexts("painting");
  const tools = Object.entries(TOOL_KEYS) as [keyof typeof TOOL_KEYS, string][];
  return (
    <>
      <Table
        title={t("everywhere")}
        rows={VIEWS.map(({ key, name }) => ({ keys: [`Alt+${key}`], label: app(name) }))}
      />
      <Table
        title={app("create")}
        rows={[
          { keys: [keyText("Mod+Enter")], label: t("key make") },
          { keys: [keyText("Mod+ArrowUp"), keyText("Mod+ArrowDown")], label: t("key emphasis") },
          { keys: ["Tab", "Enter"], label: t("key completion") },
        ]}
      />
      <Table
        title={app("explore")}
        rows={[
          { keys: [keyText("Mod+Enter")], label: t("key grid") },
          { keys: ["←", "→", "↑", "↓"], label: t("key neighbours") },
          { keys: ["PgUp", "PgDn"], label: t("key pages") },
          { keys: ["+", "-", "0"], label: t("key zoom") },
        ]}
      />
      <Table
        title={t("painting")}
        rows={tools.map(([tool, key]) => ({ keys: [key], label: painting(tool) }))}
      />
      <Table
        title={app("graph")}
        rows={ALL.filter(({ keys }) => keys.length > 0).map(({ keys, label }) => ({
          keys: keys.map(keyText),
          label: canvas(label),
        }))}
      />
    </>
  );
}

function Table({ title, rows }: { title: string; rows: readonly Row[] }) {
  return (
    <Group title={title}>
      <dl className={styles.keys}>
        {rows.map(({ keys, label }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Group>
  );
}
