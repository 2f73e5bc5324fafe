import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import type { Asset } from "@/api/client";
import { useLive } from "@/live/jobs";
import { useConnection } from "@/live/stream";
import { assetQuery } from "@/pictures/requests";
import { addressOf, type Filter, isByLikeness } from "./filter";
import { PictureList, type Pictures } from "./pictureList";
import { asking } from "./requests";

/** The pictures of a filter; while those of a new one are on their way, the old ones stay, and `shown` is their filter. */
export function usePictures(
  filter: Filter,
  isTopSeen: () => boolean,
): { list: PictureList; pictures: Pictures; shown: Filter; isWaiting: boolean } {
  const key = addressOf(filter);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key is all that the filter says
  const list = useMemo(
    () => new PictureList(key, asking(filter), filter.order === "newest" && !isByLikeness(filter)),
    [key],
  );
  const before = useRef({ list, filter });
  const pictures = useSyncExternalStore(list.subscribe, list.get);
  useEffect(() => {
    void list.load();
    return () => list.stop();
  }, [list]);
  const ended = useLive(({ ended }) => ended[0]);
  const connection = useConnection(({ state }) => state);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a job has ended, or the server is heard again
  useEffect(() => {
    if (connection === "open") void list.look(isTopSeen());
  }, [list, ended, connection]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is asked for is asked anew each time
  useEffect(() => {
    const look = () => void list.look(isTopSeen());
    addEventListener("focus", look); // somebody may have made pictures by a command meanwhile
    return () => removeEventListener("focus", look);
  }, [list]);
  const isWaiting = pictures.total === null && !pictures.failure;
  if (!isWaiting) before.current = { list, filter };
  const shown = before.current;
  return {
    list: shown.list,
    pictures: isWaiting ? shown.list.get() : pictures,
    shown: shown.filter,
    isWaiting,
  };
}

/** The picture that is open: of the list, or asked for where the address alone names it. */
export function useOpened(id: string, items: readonly (Asset | undefined)[]): Asset | undefined {
  const here = id ? items.find((asset) => asset?.id === id) : undefined;
  const asked = useQuery({ ...assetQuery(id), enabled: id !== "" && !here });
  return id ? (here ?? asked.data) : undefined;
}
