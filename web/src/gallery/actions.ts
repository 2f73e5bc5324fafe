import { useMemo } from "react";
import type { Asset } from "@/api/client";
import { queries } from "@/api/queries";
import { sayBinned } from "@/pictures/doing";
import { changeAssets, deleteAssets, restoreAssets } from "@/pictures/requests";
import { type Translate, useTexts } from "@/texts/texts";
import { attempt, say, sayFailure } from "@/ui";
import type { PictureList } from "./pictureList";
import { addTo, takeFrom } from "./requests";

type T = Translate<"gallery">;

/** What can be done with pictures; each says what came of it. */
export type Actions = ReturnType<typeof actionsOn>;

export function useActions(list: PictureList, onGone: (ids: readonly string[]) => void): Actions {
  const t = useTexts("gallery");
  return useMemo(() => actionsOn(list, onGone, t), [list, onGone, t]);
}

function actionsOn(list: PictureList, onGone: (ids: readonly string[]) => void, t: T) {
  /** Pictures leave the list at once, and come back where that was refused. */
  async function leaving(ids: readonly string[], doing: () => Promise<void>): Promise<boolean> {
    list.remove(new Set(ids));
    onGone(ids);
    try {
      await doing();
      return true;
    } catch (error) {
      sayFailure(error);
      void list.load();
      return false;
    }
  }
  async function changing(
    ids: readonly string[],
    change: (asset: Asset) => Asset,
    doing: () => Promise<void>,
  ): Promise<void> {
    list.change(new Set(ids), change);
    for (const id of ids)
      queries.setQueryData<Asset>(["asset", id], (known) => (known ? change(known) : known));
    try {
      await doing();
    } catch (error) {
      sayFailure(error);
      void list.load();
    }
  }
  return {
    favourite: (ids: readonly string[], favourite: boolean) =>
      changing(
        ids,
        (asset) => ({ ...asset, favourite }),
        () => changeAssets(ids, { favourite }),
      ),
    tag: (ids: readonly string[], tag: string) =>
      changing(
        ids,
        (asset) => ({ ...asset, tags: [...new Set([...asset.tags, tag])].sort() }),
        () => changeAssets(ids, { add_tags: [tag] }),
      ),
    untag: (ids: readonly string[], tag: string) =>
      changing(
        ids,
        (asset) => ({ ...asset, tags: asset.tags.filter((other) => other !== tag) }),
        () => changeAssets(ids, { remove_tags: [tag] }),
      ),
    async collect(ids: readonly string[], collection: { id: string; name: string }) {
      try {
        await addTo(collection.id, ids);
        say(t("collected", { n: ids.length, name: collection.name }), {
          action: { label: t("undo"), act: () => void attempt(() => takeFrom(collection.id, ids)) },
        });
      } catch (error) {
        sayFailure(error);
      }
    },
    async uncollect(ids: readonly string[], collection: { id: string; name: string }) {
      if (!(await leaving(ids, () => takeFrom(collection.id, ids)))) return;
      const undo = () => addTo(collection.id, ids).then(() => list.load());
      say(t("uncollected", { n: ids.length, name: collection.name }), {
        action: { label: t("undo"), act: () => void attempt(undo) },
      });
    },
    async bin(ids: readonly string[]) {
      if (!(await leaving(ids, () => deleteAssets(ids)))) return;
      sayBinned(ids, () => list.load());
    },
    async restore(ids: readonly string[]) {
      if (await leaving(ids, () => restoreAssets(ids))) say(t("restored", { n: ids.length }));
    },
    async destroy(ids: readonly string[]) {
      if (await leaving(ids, () => deleteAssets(ids, true))) say(t("destroyed", { n: ids.length }));
    },
  };
}
