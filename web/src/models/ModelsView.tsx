import { useQueries, useQuery } from "@tanstack/react-query";
import { LayoutGrid, PackageOpen, RefreshCw, SearchX, TableProperties } from "lucide-react";
import { useMemo, useState } from "react";
import { useHashLocation } from "wouter/use-hash-location";
import { failure } from "@/api/client";
import { modelsQuery, queries } from "@/api/queries";
import { useTexts } from "@/texts/texts";
import { Button, Empty, IconButton, SearchField, Select, Spinner, Tabs, Trouble } from "@/ui";
import { Cards } from "./Cards";
import { Duplicates } from "./Duplicates";
import { Folders, isKnown, Where } from "./Folders";
import { addressOf, familiesOf, keyOf, listed, type Place, readPlace, START } from "./listing";
import { Missing } from "./Missing";
import { ModelPanel } from "./ModelPanel";
import styles from "./models.module.css";
import { foldersQuery } from "./requests";
import { ModelTable } from "./Table";

const LOOK = "safelight.models.look";
const MANY = 200; // rows that are shown at first

/** Every model file: what it is, what was made with it, and which are there twice or not at all. */
export default function ModelsView() {
  const t = useTexts("models");
  const [address, navigate] = useHashLocation();
  const place = useMemo(() => readPlace(address), [address]);
  const go = (part: Partial<Place>, replace = false) =>
    navigate(addressOf({ ...place, ...part }), { replace });
  return (
    <section className={styles.view} aria-label={t("models")}>
      <header className={styles.head}>
        <h1>{t("models")}</h1>
      </header>
      <Tabs
        label={t("models")}
        value={place.tab}
        onChange={(tab) => go({ ...START, tab })}
        tabs={[
          { value: "files", label: t("files") },
          { value: "duplicates", label: t("duplicates") },
          { value: "missing", label: t("missing") },
        ]}
      >
        {place.tab === "files" ? (
          <Files place={place} go={go} />
        ) : place.tab === "duplicates" ? (
          <Duplicates onShow={(show) => go({ ...START, show })} />
        ) : (
          <Missing />
        )}
      </Tabs>
    </section>
  );
}

function Files({ place, go }: { place: Place; go: (part: Partial<Place>, replace?: boolean) => void }) {
  const t = useTexts("models");
  const [isCards, setCards] = useState(() => localStorage.getItem(LOOK) === "cards");
  const [most, setMost] = useState(MANY);
  const folders = useQuery(foldersQuery);
  const names = folders.data?.filter(({ count }) => count > 0).map(({ name }) => name) ?? [];
  const answers = useQueries({ queries: names.map((name) => modelsQuery(name)) });
  const all = answers.flatMap(({ data }) => data ?? []);
  const inFolder = place.folder ? all.filter(({ folder }) => folder === place.folder) : all;
  const families = familiesOf(all);
  const found = listed(inFolder, place);
  const open = all.find((model) => keyOf(model) === place.show);
  const error = folders.error ?? answers.find(({ error }) => error)?.error;
  const isWaiting = folders.isPending || answers.some(({ isPending }) => isPending);
  return (
    <div className={styles.files}>
      <Folders
        folders={folders.data ?? []}
        chosen={place.folder}
        onChoose={(folder) => go({ folder, show: "" })}
      />
      <div className={styles.main}>
        <div className={styles.tools}>
          <SearchField
            className={styles.search}
            label={t("search")}
            placeholder={t("search short")}
            title={t("search")}
            value={place.words}
            onChange={(event) => go({ words: event.target.value }, true)}
          />
          <div className={styles.family}>
            <Select
              bare
              label={t("family")}
              value={place.family}
              options={[
                { value: "", label: t("any family") },
                ...families.map(({ family, title }) => ({ value: family, label: title })),
              ]}
              onChange={(family) => go({ family })}
            />
          </div>
          <span className={styles.count} role="status">
            {isWaiting ? <Spinner label={t("loading")} /> : t("files of", { n: found.length })}
          </span>
          <IconButton
            icon={RefreshCw}
            label={t("look again")}
            busy={answers.some(({ isRefetching }) => isRefetching)}
            onClick={() => void queries.invalidateQueries({ queryKey: ["models"] })}
          />
          <IconButton
            icon={isCards ? TableProperties : LayoutGrid}
            label={isCards ? t("as table") : t("as cards")}
            onClick={() => {
              localStorage.setItem(LOOK, isCards ? "table" : "cards");
              setCards(!isCards);
            }}
          />
        </div>
        {place.folder && isKnown(place.folder) && <Where folder={place.folder} />}
        {error ? (
          <Trouble failure={failure(error)} />
        ) : found.length > 0 ? (
          <div className={styles.scroll}>
            {isCards ? (
              <Cards models={found.slice(0, most)} shown={place.show} onShow={(show) => go({ show })} />
            ) : (
              <ModelTable
                models={found.slice(0, most)}
                families={families}
                place={place}
                onShow={(show) => go({ show })}
                onSort={(sort, isUp) => go({ sort, isUp }, true)}
              />
            )}
            {found.length > most && (
              <Button look="quiet" onClick={() => setMost(most + MANY)}>
                {t("show more", { n: found.length - most })}
              </Button>
            )}
          </div>
        ) : isWaiting ? null : inFolder.length > 0 ? (
          <Empty icon={SearchX} title={t("nothing found")}>
            <Button onClick={() => go({ words: "", family: "" })}>{t("clear")}</Button>
          </Empty>
        ) : (
          <Empty icon={PackageOpen} title={t("folder empty")}>
            <p>{t("folder empty about")}</p>
          </Empty>
        )}
      </div>
      {open && (
        <ModelPanel key={keyOf(open)} model={open} families={families} onClose={() => go({ show: "" })} />
      )}
    </div>
  );
}
