import { useQuery } from "@tanstack/react-query";
import { failure } from "@/api/client";
import { healthQuery } from "@/api/queries";
import { sizeText } from "@/texts/measures";
import { useSaid } from "@/texts/said";
import { useLanguage, useTexts } from "@/texts/texts";
import { Progress, Spinner, Trouble } from "@/ui";
import { Group } from "./parts";
import styles from "./settings.module.css";

/** Which version this is, and how its engines are. */
export function About() {
  const t = useTexts("settings");
  const said = useSaid();
  const language = useLanguage((state) => state.language);
  const { data, error } = useQuery({ ...healthQuery, refetchInterval: 5000 });
  if (error && !data) return <Trouble failure={failure(error)} />;
  if (!data) return <Spinner label={t("loading")} />;
  return (
    <>
      <Group>
        <p>
          Safelight {data.version} · {data.ready ? t("ready") : said.text(data.waiting_for) || t("not ready")}
        </p>
        <p className={styles.small}>
          <a href="/api/v1/docs" target="_blank" rel="noreferrer">
            {t("api docs")}
          </a>
        </p>
      </Group>
      <Group title={t("engines")} about={t("engines about")}>
        <ul className={styles.list}>
          {data.engines.map((engine) => {
            const { memory_total: total, memory_free: free } = engine;
            return (
              <li key={engine.name} className={styles.engine}>
                <p>
                  {engine.name} · {t(`engine ${engine.state}`)}
                </p>
                <p className={styles.small}>
                  {said.text(engine.device ?? "")}
                  {engine.deaths > 0 && ` · ${t("deaths", { n: engine.deaths })}`}
                </p>
                {engine.why && <p className={styles.wrong}>{said.text(engine.why)}</p>}
                {total !== null && free !== null && (
                  <>
                    <Progress label={t("memory of", { name: engine.name })} value={1 - free / total} />
                    <p className={styles.small}>
                      {t("memory free", { free: sizeText(free, language), total: sizeText(total, language) })}
                    </p>
                  </>
                )}
                {engine.models.length > 0 && (
                  <p className={styles.small}>
                    {t("held", { names: engine.models.map((path) => path.split(/[\\/]/).at(-1)).join(", ") })}
                  </p>
                )}
              </li>
            );
          })}
        </ul>
      </Group>
    </>
  );
}
