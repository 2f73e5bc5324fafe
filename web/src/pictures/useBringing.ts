import { useState } from "react";
import { type Asset, upload } from "@/api/client";
import { queries } from "@/api/queries";
import { attempt, hasFiles, useDrop, useFiles } from "@/ui";
import { carried, isCarrying } from "./carrying";
import { assetQuery } from "./requests";

/** A picture is brought: a file is dropped or chosen from the disk, or one of ours is dropped. */
export function useBringing(take: (picture: Asset) => void) {
  const [isBusy, setBusy] = useState(false);
  async function bring(coming: () => Promise<Asset>) {
    setBusy(true);
    const picture = await attempt(coming);
    setBusy(false);
    if (picture) take(picture);
  }
  const bringFile = ([file]: readonly File[]) =>
    file && void bring(() => upload(file, file.name || "picture.png"));
  const { isOver, drop } = useDrop(
    (data) => hasFiles(data) || isCarrying(data),
    (data) => {
      const [ours] = carried(data);
      if (ours) void bring(() => queries.fetchQuery(assetQuery(ours.id)));
      else bringFile([...data.files]);
    },
  );
  return { isOver, isBusy, drop, ...useFiles(bringFile) };
}
