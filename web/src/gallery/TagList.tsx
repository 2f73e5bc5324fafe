import { useQuery } from "@tanstack/react-query";
import { Plus, Tag, X } from "lucide-react";
import { useId, useState } from "react";
import { useTexts } from "@/texts/texts";
import { IconButton, inputClass } from "@/ui";
import { facetsQuery } from "./requests";
import styles from "./tags.module.css";

/** Tags, which can be taken away, and a field for another. */
export function TagList({
  tags,
  onAdd,
  onRemove,
  onFind,
}: {
  tags: readonly string[];
  onAdd: (tag: string) => void;
  onRemove: (tag: string) => void;
  onFind?: (tag: string) => void;
}) {
  const t = useTexts("gallery");
  return (
    <section className={styles.tags} aria-label={t("tags")}>
      {tags.map((tag) => (
        <span key={tag} className={styles.tag}>
          {onFind ? (
            <button type="button" className={styles.name} onClick={() => onFind(tag)}>
              {tag}
            </button>
          ) : (
            <span className={styles.name}>{tag}</span>
          )}
          <button
            type="button"
            className={styles.remove}
            aria-label={t("remove tag", { tag })}
            onClick={() => onRemove(tag)}
          >
            <X size={13} aria-hidden />
          </button>
        </span>
      ))}
      <NewTag known={tags} onAdd={onAdd} />
    </section>
  );
}

/** A field for a tag, which offers those that there are. */
function NewTag({ known, onAdd }: { known: readonly string[]; onAdd: (tag: string) => void }) {
  const t = useTexts("gallery");
  const id = useId();
  const [text, setText] = useState("");
  const facets = useQuery(facetsQuery);
  function add() {
    for (const tag of text.split(",").map((part) => part.trim().slice(0, 64))) if (tag) onAdd(tag);
    setText("");
  }
  return (
    <form
      className={styles.new}
      onSubmit={(event) => {
        event.preventDefault();
        add();
      }}
    >
      <Tag size={14} aria-hidden />
      <input
        className={inputClass}
        list={id}
        aria-label={t("new tag")}
        placeholder={t("new tag")}
        value={text}
        maxLength={200}
        onChange={(event) => setText(event.target.value)}
      />
      <datalist id={id}>
        {facets.data?.tags
          .filter(({ name }) => !known.includes(name))
          .map(({ name }) => (
            <option key={name} value={name} />
          ))}
      </datalist>
      <IconButton icon={Plus} type="submit" label={t("add tag")} disabled={!text.trim()} />
    </form>
  );
}
