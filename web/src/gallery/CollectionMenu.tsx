import { useQuery } from "@tanstack/react-query";
import { FolderPlus } from "lucide-react";
import { useState } from "react";
import { useTexts } from "@/texts/texts";
import { Button, IconButton, inputClass, Popover, sayFailure } from "@/ui";

import { collectionsQuery, makeCollection } from "./requests";
import styles from "./tags.module.css";

/** Chooses a collection, or makes one. */
export function CollectionMenu({
  isSmall,
  onChoose,
}: {
  isSmall?: boolean;
  onChoose: (of: { id: string; name: string }) => void;
}) {
  const t = useTexts("gallery");
  const [isOpen, setOpen] = useState(false);
  const [name, setName] = useState("");
  const collections = useQuery(collectionsQuery);
  async function make() {
    try {
      const made = await makeCollection(name.trim());
      setName("");
      setOpen(false);
      onChoose(made);
    } catch (error) {
      sayFailure(error);
    }
  }
  return (
    <Popover
      open={isOpen}
      onOpenChange={setOpen}
      label={t("add to collection")}
      trigger={
        isSmall ? (
          <IconButton icon={FolderPlus} label={t("add to collection")} />
        ) : (
          <Button icon={FolderPlus}>{t("add to collection")}</Button>
        )
      }
    >
      <div className={styles.menu}>
        {collections.data?.map((collection) => (
          <button
            key={collection.id}
            type="button"
            className={styles.entry}
            onClick={() => {
              setOpen(false);
              onChoose(collection);
            }}
          >
            <span>{collection.name}</span>
            <small>{collection.count}</small>
          </button>
        ))}
        <form
          className={styles.new}
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim()) void make();
          }}
        >
          <input
            className={inputClass}
            aria-label={t("new collection")}
            placeholder={t("new collection")}
            value={name}
            maxLength={200}
            onChange={(event) => setName(event.target.value)}
          />
          <Button type="submit" disabled={!name.trim()}>
            {t("make")}
          </Button>
        </form>
      </div>
    </Popover>
  );
}
