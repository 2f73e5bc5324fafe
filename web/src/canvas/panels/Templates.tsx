import { queryOptions, useQuery } from "@tanstack/react-query";
import { Workflow } from "lucide-react";
import { useState } from "react";
import { api, failure, got } from "@/api/client";
import { type Translate, useTexts } from "@/texts/texts";
import { Spinner, TextField, Trouble } from "@/ui";
import type { TextKey } from "../desk";
import { openTemplate } from "../opening";
import styles from "./panels.module.css";

const templatesQuery = queryOptions({
  queryKey: ["templates"],
  queryFn: async () => (await got(api.GET("/api/v1/templates"))).templates,
  staleTime: Number.POSITIVE_INFINITY,
});

/** Workflows to begin with; each opens in a tab of its own. */
export function Templates() {
  const t = useTexts("canvas");
  const [search, setSearch] = useState("");
  const { data, error } = useQuery(templatesQuery);
  if (error) return <Trouble failure={failure(error)} />;
  if (!data) return <Spinner label={t("loading")} />;
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = data
    .map((one) => ({ ...one, ...wordsOf(t, one.name, one.about) }))
    .filter(({ name, title, about }) =>
      words.every((word) => `${name} ${title} ${about}`.toLowerCase().includes(word)),
    );
  return (
    <>
      <TextField
        label={t("panel search templates")}
        bare
        type="search"
        placeholder={t("panel search templates")}
        value={search}
        onChange={setSearch}
      />
      {found.length === 0 && <p className={styles.hint}>{t("panel nothing found")}</p>}
      <ul className={styles.pictures}>
        {found.map(({ name, title, about, picture }) => (
          <li key={name}>
            <button type="button" className={styles.template} onClick={() => void openTemplate(name, title)}>
              {picture ? (
                <img src={picture} alt="" loading="lazy" width={256} height={256} />
              ) : (
                <span>
                  <Workflow size={24} aria-hidden />
                </span>
              )}
              <strong>{title}</strong>
              <small>{about}</small>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Ours are told of in the person's language; others as the server has them. */
function wordsOf(t: Translate<"canvas">, name: string, about: string): { title: string; about: string } {
  const [titleKey, aboutKey] = [`panel template ${name}`, `panel about ${name}`] as TextKey[];
  const title = titleKey && t(titleKey);
  const own = aboutKey && t(aboutKey);
  return {
    title: title && title !== titleKey ? title : name.replaceAll("-", " "),
    about: own && own !== aboutKey ? own : about,
  };
}
