import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, got, type Model } from "@/api/client";
import { modelsQuery } from "@/api/queries";
import { type Offer, offersFor, type Typing } from "./completing";
import { useSettled } from "./counting";

const PAUSE = 120; // ms without a letter typed
const MOST_WORDS = 8;
const LONGEST = 100; // letters of what is sought
const NONE: readonly string[] = [];

function wordsQuery(prefix: string) {
  return queryOptions({
    queryKey: ["prompt words", prefix],
    queryFn: async () => {
      const query = { prefix, limit: MOST_WORDS };
      const { words } = await got(api.GET("/api/v1/prompts/words", { params: { query } }));
      return words.map(({ text }) => text);
    },
    staleTime: 60_000,
    retry: false,
    placeholderData: keepPreviousData,
  });
}

const wildcardsQuery = queryOptions({
  queryKey: ["prompt wildcards"],
  queryFn: async () => (await got(api.GET("/api/v1/prompts/wildcards"))).wildcards,
  retry: false,
});

const names = (models: Model[]) => models.map(({ name }) => name);

/** What may follow what is being typed. */
export function useOffers(
  typing: Typing | null,
  withLoras: boolean,
  withWildcards: boolean,
): readonly Offer[] {
  const isOpen = typing !== null;
  const settled = useSettled(typing?.kind === "words" ? typing.typed.trim().slice(0, LONGEST) : "", PAUSE);
  const words = useQuery({ ...wordsQuery(settled), enabled: isOpen && settled !== "" }).data ?? NONE;
  const embeddings = useQuery({ ...modelsQuery("embeddings"), enabled: isOpen, select: names }).data ?? NONE;
  const loras =
    useQuery({ ...modelsQuery("loras"), enabled: isOpen && withLoras, select: names }).data ?? NONE;
  const areWildcardsSought = withWildcards && typing?.kind === "wildcard";
  const wildcards = useQuery({ ...wildcardsQuery, enabled: areWildcardsSought }).data ?? NONE;
  return useMemo(() => {
    if (!typing) return [];
    const typed = typing.typed.toLowerCase();
    // Words sought for what was typed a moment ago are kept until the new ones come, as far as they still fit.
    const fitting = words.filter((text) => text.toLowerCase().includes(typed));
    return offersFor(typing, {
      embeddings,
      loras: withLoras ? loras : NONE,
      wildcards: areWildcardsSought ? wildcards : NONE,
      words: fitting,
    });
  }, [typing, embeddings, loras, wildcards, words, withLoras, areWildcardsSought]);
}
