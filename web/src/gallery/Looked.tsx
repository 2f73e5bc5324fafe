import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Schemas } from "@/api/client";
import { useTexts } from "@/texts/texts";
import styles from "./gallery.module.css";
import type { PictureList } from "./pictureList";
import { lookingQuery } from "./requests";

const OFTEN = 2000; // milliseconds between looks at how far it is

/** How far looking at the pictures is; while they are searched, what is new is found as it comes. */
export function useLooking(list: PictureList, isSearched: boolean): Schemas["LookingView"] | undefined {
  const { data } = useQuery({
    ...lookingQuery,
    refetchInterval: ({ state }) => (isSearched && state.data?.waiting ? OFTEN : false),
  });
  const known = data?.looked_at;
  // biome-ignore lint/correctness/useExhaustiveDependencies: more pictures have been looked at
  useEffect(() => {
    if (isSearched) void list.look(true);
  }, [list, known, isSearched]);
  return data;
}

/** Says what no search can find yet. */
export function Looked({ looking }: { looking: Schemas["LookingView"] }) {
  const t = useTexts("gallery");
  const { problem, waiting, total } = looking;
  if (problem) return <p className={styles.hint}>{t("not looked at", { problem })}</p>;
  if (!waiting) return null;
  return (
    <p className={styles.hint} role="status">
      {t("looked at", { done: (total - waiting).toLocaleString(), total: total.toLocaleString() })}
    </p>
  );
}
