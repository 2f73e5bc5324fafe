import { useQuery } from "@tanstack/react-query";
import { Ellipsis, FolderOpen, Pencil, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { carried, isCarrying } from "@/pictures/carrying";
import { useTexts } from "@/texts/texts";
import { Button, Dialog, IconButton, Menu, say, sayFailure, TextField, useDrop } from "@/ui";

import { ALL } from "./filter";
import styles from "./filters.module.css";
import {
  addTo,
  type Collection,
  collectionsQuery,
  deleteCollection,
  idsOf,
  makeCollection,
  renameCollection,
} from "./requests";

/** A person's collections: chosen, made, renamed, and given pictures by dropping them on one. */
export function Collections({
  chosen,
  onChoose,
  onDrop,
}: {
  chosen: string;
  onChoose: (id: string) => void;
  onDrop: (ids: string[], collection: { id: string; name: string }) => void;
}) {
  const t = useTexts("gallery");
  const collections = useQuery(collectionsQuery).data ?? [];
  /** The one that is being named; null for a new one. */
  const [named, setNamed] = useState<Collection | null | undefined>();
  return (
    <section className={styles.section} aria-label={t("collections")}>
      <div className={styles.sectionHead}>
        <h2>{t("collections")}</h2>
        <IconButton icon={Plus} label={t("new collection")} onClick={() => setNamed(null)} />
      </div>
      {collections.length === 0 && <p className={styles.hint}>{t("collections about")}</p>}
      <ul className={styles.list}>
        {collections.map((collection) => (
          <li key={collection.id} className={styles.collection}>
            <Entry
              collection={collection}
              isOn={chosen === collection.id}
              onChoose={onChoose}
              onDrop={onDrop}
            />
            <Menu
              align="end"
              items={[
                { label: t("rename"), icon: Pencil, onSelect: () => setNamed(collection) },
                {
                  label: t("delete collection"),
                  icon: Trash2,
                  danger: true,
                  onSelect: () => void remove(collection),
                },
              ]}
            >
              <IconButton icon={Ellipsis} label={t("actions of", { name: collection.name })} />
            </Menu>
          </li>
        ))}
      </ul>
      {named !== undefined && <Naming collection={named} onClose={() => setNamed(undefined)} />}
    </section>
  );

  async function remove(collection: Collection) {
    try {
      const ids = await idsOf({ ...ALL, collection: collection.id });
      await deleteCollection(collection.id);
      if (chosen === collection.id) onChoose("");
      say(t("collection deleted", { name: collection.name }), {
        action: {
          label: t("undo"),
          act: () =>
            void makeCollection(collection.name)
              .then((made) => (ids.length ? addTo(made.id, ids) : undefined))
              .catch(sayFailure),
        },
      });
    } catch (error) {
      sayFailure(error);
    }
  }
}

function Entry({
  collection,
  isOn,
  onChoose,
  onDrop,
}: {
  collection: Collection;
  isOn: boolean;
  onChoose: (id: string) => void;
  onDrop: (ids: string[], collection: { id: string; name: string }) => void;
}) {
  const { isOver, drop } = useDrop(isCarrying, (data) =>
    onDrop(
      carried(data).map((picture) => picture.id),
      collection,
    ),
  );
  const { id, name, count, cover } = collection;
  return (
    <button
      type="button"
      className={styles.line}
      data-over={isOver || undefined}
      aria-pressed={isOn}
      onClick={() => onChoose(isOn ? "" : id)}
      {...drop}
    >
      {cover?.thumbnail ? (
        <img className={styles.cover} src={`${cover.thumbnail}?size=128`} alt="" draggable={false} />
      ) : (
        <FolderOpen size={16} aria-hidden />
      )}
      <span title={name}>{name}</span>
      <small>{count.toLocaleString()}</small>
    </button>
  );
}

function Naming({ collection, onClose }: { collection: Collection | null; onClose: () => void }) {
  const t = useTexts("gallery");
  const [name, setName] = useState(collection?.name ?? "");
  async function keep() {
    if (!name.trim()) return;
    try {
      await (collection ? renameCollection(collection.id, name.trim()) : makeCollection(name.trim()));
      onClose();
    } catch (error) {
      sayFailure(error);
    }
  }
  return (
    <Dialog
      title={collection ? t("rename") : t("new collection")}
      onClose={onClose}
      actions={
        <Button look="primary" disabled={!name.trim()} onClick={() => void keep()}>
          {collection ? t("rename") : t("make")}
        </Button>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void keep();
        }}
      >
        <TextField label={t("name")} value={name} onChange={setName} maxLength={200} autoFocus />
      </form>
    </Dialog>
  );
}
