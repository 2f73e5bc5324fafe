import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Puzzle } from "lucide-react";
import { useState } from "react";
import { api, failure, got, type Schemas } from "@/api/client";
import { nodesQuery, sessionQuery } from "@/api/queries";
import { said } from "@/texts/said";
import { useTexts } from "@/texts/texts";
import { Button, Empty, Notice, Spinner, say, Trouble } from "@/ui";
import { Ask, Group, useDoing } from "./parts";
import styles from "./settings.module.css";

type Plugin = Schemas["PluginView"];
const KEY = ["plugins"];

/** Code of others that adds nodes: what there is, what is on, and what became of it. */
export function Plugins() {
  const t = useTexts("settings");
  const client = useQueryClient();
  const { data: session } = useQuery(sessionQuery);
  const { data, error } = useQuery({ queryKey: KEY, queryFn: () => got(api.GET("/api/v1/plugins")) });
  const [asked, setAsked] = useState<Plugin | null>(null);
  const [isBusy, act] = useDoing();
  if (error) return <Trouble failure={failure(error)} />;
  if (!data) return <Spinner label={t("loading")} />;
  async function turn(plugin: Plugin) {
    setAsked(null);
    const params = { params: { path: { name: plugin.name } } };
    await act(async () => {
      const view = await got(
        plugin.enabled
          ? api.POST("/api/v1/plugins/{name}/disable", params)
          : api.POST("/api/v1/plugins/{name}/enable", params),
      );
      client.setQueryData(KEY, view);
      say(plugin.enabled ? t("plugin off", { name: plugin.name }) : t("plugin on", { name: plugin.name }), {
        detail: view.engines.length ? t("engines restart") : "",
      });
      await client.invalidateQueries({ queryKey: nodesQuery.queryKey });
    });
  }
  return (
    <>
      <Notice>
        <p>{t("plugins warning")}</p>
      </Notice>
      {data.plugins.length === 0 ? (
        <Empty icon={Puzzle} title={t("no plugins")}>
          <p>{t("no plugins about")}</p>
        </Empty>
      ) : (
        <Group>
          <ul className={styles.list}>
            {data.plugins.map((plugin) => (
              <li key={plugin.name} className={styles.entry}>
                <div className={styles.grow}>
                  <p>
                    {plugin.name} <span className={styles.small}>{plugin.version}</span>
                  </p>
                  {plugin.summary && <p className={styles.small}>{plugin.summary}</p>}
                  <p className={styles.small}>
                    {plugin.enabled
                      ? plugin.loaded
                        ? t("nodes", { n: plugin.nodes })
                        : t("not loaded yet")
                      : t("is off")}
                    {plugin.path && ` · ${plugin.path}`}
                  </p>
                  {plugin.problem && <p className={styles.wrong}>{said().text(plugin.problem)}</p>}
                  {plugin.notes.map((note) => (
                    <p key={note} className={styles.small}>
                      {said().text(note)}
                    </p>
                  ))}
                </div>
                {session?.admin && (
                  <Button
                    busy={isBusy}
                    aria-label={`${plugin.enabled ? t("disable") : t("enable")}: ${plugin.name}`}
                    onClick={() => (plugin.enabled ? void turn(plugin) : setAsked(plugin))}
                  >
                    {plugin.enabled ? t("disable") : t("enable")}
                  </Button>
                )}
              </li>
            ))}
          </ul>
        </Group>
      )}
      {asked && (
        <Ask
          title={t("enable plugin", { name: asked.name })}
          yes={t("enable")}
          danger
          onYes={() => void turn(asked)}
          onNo={() => setAsked(null)}
        >
          <p>{t("plugins warning")}</p>
          {asked.path && <p className={styles.path}>{asked.path}</p>}
          <p>{t("engines restart")}</p>
        </Ask>
      )}
    </>
  );
}
