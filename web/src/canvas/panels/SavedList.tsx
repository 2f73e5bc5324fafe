import { useQuery } from "@tanstack/react-query";
import { Ellipsis, FilePenLine, FolderOpen, TextCursorInput, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { failure } from "@/api/client";
import { useLanguage, useTexts } from "@/texts/texts";
import { Button, Dialog, Empty, IconButton, Menu, Spinner, TextField, Trouble } from "@/ui";
import { useTab } from "../desk";
import { openSaved } from "../opening";
import { whenText } from "./moments";
import styles from "./panels.module.css";
import { putAway, renameSaved, type Saved, savedQuery, useGoing } from "./saved";

/** The workflows that are kept on the server. */
export function SavedList() {
  const t = useTexts("canvas");
  const language = useLanguage((state) => state.language);
  const shown = useTab()?.workflowId;
  const going = useGoing((state) => state.ids);
  const [search, setSearch] = useState("");
  const [renamed, setRenamed] = useState<Saved | null>(null);
  const { data, error } = useQuery(savedQuery);
  if (error) return <Trouble failure={failure(error)} />;
  if (!data) return <Spinner label={t("loading")} />;
  const there = data.filter(({ id }) => !going.has(id));
  const found = there.filter(({ name }) => name.toLowerCase().includes(search.trim().toLowerCase()));
  if (there.length === 0) {
    return (
      <Empty icon={FolderOpen} title={t("panel no saved")}>
        <p>{t("panel no saved about")}</p>
      </Empty>
    );
  }
  return (
    <>
      <TextField
        label={t("panel search saved")}
        bare
        type="search"
        placeholder={t("panel search saved")}
        value={search}
        onChange={setSearch}
      />
      {found.length === 0 && <p className={styles.hint}>{t("panel nothing found")}</p>}
      <ul className={styles.cards}>
        {found.map((one) => (
          <li key={one.id} className={styles.line}>
            <button
              type="button"
              className={styles.saved}
              aria-current={one.id === shown || undefined}
              onClick={() => void openSaved(one.id, one.name)}
            >
              <span>{one.name}</span>
              <small>
                {t("panel version n", { n: one.version })} · {whenText(one.updated, language)}
              </small>
            </button>
            <Menu
              align="end"
              items={[
                { label: t("rename"), icon: FilePenLine, onSelect: () => setRenamed(one) },
                {
                  label: t("panel open form"),
                  icon: TextCursorInput,
                  onSelect: () => {
                    location.hash = `#/form/${one.id}`;
                  },
                },
                null,
                { label: t("remove"), icon: Trash2, danger: true, onSelect: () => putAway(one) },
              ]}
            >
              <IconButton icon={Ellipsis} label={t("panel more of", { name: one.name })} />
            </Menu>
          </li>
        ))}
      </ul>
      {renamed && <Rename saved={renamed} onClose={() => setRenamed(null)} />}
    </>
  );
}

function Rename({ saved, onClose }: { saved: Saved; onClose: () => void }) {
  const t = useTexts("canvas");
  const [name, setName] = useState(saved.name);
  const [wrong, setWrong] = useState("");
  const [isBusy, setBusy] = useState(false);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    try {
      await renameSaved(saved.id, name.trim());
      onClose();
    } catch (error) {
      setWrong(`${failure(error).what} ${failure(error).mend}`);
      setBusy(false);
    }
  }
  return (
    <Dialog
      title={t("rename")}
      onClose={onClose}
      actions={
        <Button look="primary" type="submit" form="rename-saved" busy={isBusy} disabled={name.trim() === ""}>
          {t("rename")}
        </Button>
      }
    >
      <form id="rename-saved" onSubmit={submit}>
        <TextField
          label={t("workflow name")}
          value={name}
          onChange={setName}
          wrong={wrong || undefined}
          maxLength={255}
          onFocus={(event) => event.target.select()}
          autoFocus
        />
      </form>
    </Dialog>
  );
}
