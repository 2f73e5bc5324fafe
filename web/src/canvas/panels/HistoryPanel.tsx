import { useQuery } from "@tanstack/react-query";
import { Copy, GitCompareArrows, History, RotateCcw, Save } from "lucide-react";
import { type FormEvent, useMemo, useState } from "react";
import { failure } from "@/api/client";
import { queries } from "@/api/queries";
import type { JsonObject } from "@/graph/json";
import { readDoc } from "@/graph/read";
import type { Catalog } from "@/graph/types";
import { texts, useLanguage, useTexts } from "@/texts/texts";
import { Button, Empty, IconButton, Select, Spinner, say, sayFailure, TextField, Trouble } from "@/ui";
import { ask } from "../asking";
import { changeShown, desk, edit, standing, type Tab, tabOf, useDesk, useTab } from "../desk";
import { saveVersion } from "../keep";
import { openDocument } from "../opening";
import { Differences } from "./Differences";
import { whenText } from "./moments";
import { PanelFrame } from "./PanelFrame";
import styles from "./panels.module.css";
import { type Version, versionQuery, versionsQuery } from "./saved";

/** The versions of a saved workflow: what changed between them, and the way back to one. */
export default function HistoryPanel() {
  const t = useTexts("canvas");
  const tab = useTab();
  return (
    <PanelFrame title={t("panel history")}>
      {tab?.workflowId ? (
        <Versions key={tab.workflowId} tab={tab} id={tab.workflowId} />
      ) : (
        <Empty icon={History} title={t("panel no history")}>
          <p>{t("panel no history about")}</p>
          {tab && (
            <Button icon={Save} onClick={() => ask({ kind: "save" })}>
              {t("save as")}
            </Button>
          )}
        </Empty>
      )}
    </PanelFrame>
  );
}

const OPEN = 0; // stands for what is open, among numbers of versions

function Versions({ tab, id }: { tab: Tab; id: string }) {
  const t = useTexts("canvas");
  const language = useLanguage((state) => state.language);
  const { data: versions, error } = useQuery(versionsQuery(id));
  const [chosen, setChosen] = useState<number | null>(null);
  const [other, setOther] = useState(OPEN);
  if (error) return <Trouble failure={failure(error)} />;
  if (!versions) return <Spinner label={t("loading")} />;
  const from = chosen ?? versions[0]?.version ?? OPEN;
  const options = versions.map(({ version, created, note }) => ({
    value: String(version),
    label: [t("panel version n", { n: version }), note || whenText(created, language)].join(" · "),
  }));
  return (
    <>
      <KeepVersion tab={tab} />
      <section className={styles.part}>
        <h3>{t("panel compare")}</h3>
        <Select
          label={t("panel before")}
          value={String(from)}
          options={options}
          onChange={(value) => setChosen(Number(value))}
        />
        <Select
          label={t("panel after")}
          value={String(other)}
          options={[{ value: String(OPEN), label: t("panel what is open") }, ...options]}
          onChange={(value) => setOther(Number(value))}
        />
        <Compared tab={tab} id={id} from={from} to={other} />
      </section>
      <section className={styles.part}>
        <h3>{t("panel versions")}</h3>
        <ol className={styles.cards}>
          {versions.map((version) => (
            <VersionRow
              key={version.version}
              id={id}
              tab={tab}
              version={version}
              isChosen={version.version === from}
              onCompare={() => {
                setChosen(version.version);
                setOther(OPEN);
              }}
            />
          ))}
        </ol>
      </section>
    </>
  );
}

/** Keep what is open as a version, with a word on what is new. */
function KeepVersion({ tab }: { tab: Tab }) {
  const t = useTexts("canvas");
  const [note, setNote] = useState("");
  const [isBusy, setBusy] = useState(false);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    if (await saveVersion(tab.id, note.trim())) setNote("");
    setBusy(false);
  }
  return (
    <form className={styles.note} onSubmit={submit}>
      <TextField
        label={t("panel note")}
        placeholder={t("panel note example")}
        value={note}
        onChange={setNote}
        maxLength={1000}
      />
      <Button type="submit" icon={Save} busy={isBusy}>
        {t("panel keep version")}
      </Button>
    </form>
  );
}

function Compared({ tab, id, from, to }: { tab: Tab; id: string; from: number; to: number }) {
  const t = useTexts("canvas");
  const catalog = useDesk((state) => state.catalog);
  const before = useVersion(id, from, catalog);
  const after = useVersion(id, to, catalog);
  const open = tab.history.present.doc;
  const error = before.error ?? after.error;
  const [one, next] = [from === OPEN ? open : before.doc, to === OPEN ? open : after.doc];
  if (error) return <Trouble failure={failure(error)} />;
  if (one === null || next === null) return <p className={styles.hint}>{t("panel no document")}</p>;
  if (!one || !next) return <Spinner label={t("loading")} />;
  return <Differences before={one} after={next} catalog={catalog} />;
}

/** A version as it is read; null for one that no graph editor saved. */
function useVersion(id: string, version: number, catalog: Catalog) {
  const { data, error } = useQuery({ ...versionQuery(id, version), enabled: version !== OPEN });
  const doc = useMemo(() => (data ? readDoc(data, catalog) : data), [data, catalog]);
  return { doc, error };
}

function VersionRow({
  id,
  tab,
  version: { version, created, note },
  isChosen,
  onCompare,
}: {
  id: string;
  tab: Tab;
  version: Version;
  isChosen: boolean;
  onCompare: () => void;
}) {
  const t = useTexts("canvas");
  const language = useLanguage((state) => state.language);
  const name = t("panel version n", { n: version });
  return (
    <li className={styles.version} aria-current={isChosen || undefined}>
      <p>
        <strong>{name}</strong> <small>{whenText(created, language)}</small>
        {note && <span>{note}</span>}
      </p>
      <IconButton icon={GitCompareArrows} label={t("panel compare with", { name })} onClick={onCompare} />
      <IconButton
        icon={Copy}
        label={t("panel open beside", { name })}
        onClick={() =>
          void withVersion(id, version, (document) => openDocument(document, `${tab.name} (${version})`))
        }
      />
      <IconButton
        icon={RotateCcw}
        label={t("panel restore", { name })}
        onClick={() => void withVersion(id, version, (document) => restore(document, version))}
      />
    </li>
  );
}

async function withVersion(
  id: string,
  version: number,
  act: (document: JsonObject) => unknown,
): Promise<void> {
  try {
    const document = await queries.fetchQuery(versionQuery(id, version));
    if (document) await act(document);
    else say(texts("canvas")("panel no document"), { kind: "bad" });
  } catch (error) {
    sayFailure(error);
  }
}

/** Put a version in place of what is open, as a step that can be undone, and keep it as the newest. */
async function restore(document: JsonObject, version: number): Promise<void> {
  const t = texts("canvas");
  const { catalog } = desk();
  const doc = readDoc(document, catalog);
  if (!edit("panel did restore", () => doc)) return;
  changeShown((tab) => standing(doc, tab));
  const tab = tabOf(desk());
  if (tab) await saveVersion(tab.id, t("panel version again", { n: version }));
  say(t("panel restored", { n: version }));
}
