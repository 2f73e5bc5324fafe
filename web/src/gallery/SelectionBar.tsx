import { Columns2, Download, FolderMinus, RotateCcw, Tag, Trash2, X } from "lucide-react";
import { useState } from "react";
import type { Asset } from "@/api/client";
import { download } from "@/pictures/doing";
import { FavouriteButton } from "@/pictures/Favourite";
import { useTexts } from "@/texts/texts";
import { Button, Dialog, IconButton, Popover } from "@/ui";
import type { Actions } from "./actions";
import { CollectionMenu } from "./CollectionMenu";
import styles from "./gallery.module.css";
import { TagList } from "./TagList";

/** What can be done with the pictures that are chosen. */
export function SelectionBar({
  ids,
  known,
  actions,
  isBin,
  collection,
  onCompare,
  onClear,
}: {
  ids: readonly string[];
  /** Those of them that are in the page. */
  known: readonly Asset[];
  actions: Actions;
  isBin: boolean;
  /** The one that is shown. */
  collection: { id: string; name: string } | undefined;
  onCompare: (ids: readonly [string, string]) => void;
  onClear: () => void;
}) {
  const t = useTexts("gallery");
  const tp = useTexts("pictures");
  const [isAsked, setAsked] = useState(false);
  const [isPacking, setPacking] = useState(false);
  const isFavourite = known.length > 0 && known.every(({ favourite }) => favourite);
  const tags = [...new Set(known.flatMap((asset) => asset.tags))].sort();
  const [one, other] = ids;
  const both = ids.length === 2 && one && other ? ([one, other] as const) : null;
  return (
    <div className={styles.bar} role="toolbar" aria-label={t("chosen", { n: ids.length })}>
      <IconButton icon={X} label={t("choose none")} shortcut="Esc" onClick={onClear} />
      <strong aria-live="polite">{t("chosen", { n: ids.length })}</strong>
      <span className={styles.space} />
      {isBin ? (
        <>
          <Button icon={RotateCcw} onClick={() => void actions.restore(ids)}>
            {tp("restore")}
          </Button>
          <Button look="danger" icon={Trash2} onClick={() => setAsked(true)}>
            {t("destroy")}
          </Button>
        </>
      ) : (
        <>
          <FavouriteButton
            isOn={isFavourite}
            shortcut="F"
            onChange={(favourite) => void actions.favourite(ids, favourite)}
          />
          <Popover label={t("tags")} align="end" trigger={<IconButton icon={Tag} label={t("tags")} />}>
            <TagList
              tags={tags}
              onAdd={(tag) => void actions.tag(ids, tag)}
              onRemove={(tag) => void actions.untag(ids, tag)}
            />
          </Popover>
          <CollectionMenu isSmall onChoose={(chosen) => void actions.collect(ids, chosen)} />
          {collection && (
            <IconButton
              icon={FolderMinus}
              label={t("take out", { name: collection.name })}
              onClick={() => void actions.uncollect(ids, collection)}
            />
          )}
          <IconButton
            icon={Columns2}
            label={both ? t("compare") : t("compare two")}
            disabled={!both}
            onClick={() => both && onCompare(both)}
          />
          <IconButton
            icon={Download}
            label={tp("download")}
            busy={isPacking}
            onClick={() => {
              setPacking(true);
              void download(ids).finally(() => setPacking(false));
            }}
          />
          <IconButton
            icon={Trash2}
            label={tp("delete")}
            shortcut="Del"
            onClick={() => void actions.bin(ids)}
          />
        </>
      )}
      {isAsked && (
        <Dialog
          title={t("destroy really", { n: ids.length })}
          onClose={() => setAsked(false)}
          actions={
            <>
              <Button onClick={() => setAsked(false)}>{t("keep them")}</Button>
              <Button
                look="danger"
                onClick={() => {
                  setAsked(false);
                  void actions.destroy(ids);
                }}
              >
                {t("destroy")}
              </Button>
            </>
          }
        >
          <p>{t("destroy about")}</p>
        </Dialog>
      )}
    </div>
  );
}
