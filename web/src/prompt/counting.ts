import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, got, type Schemas } from "@/api/client";

export type Syntax = "comfyui" | "a1111";
export type Count = Schemas["CountView"];

export const CHUNK = 75; // tokens that a text encoder reads at a time
const PAUSE = 350; // ms without a letter typed

function tokensQuery(text: string, checkpoint: string | null, syntax: Syntax) {
  return queryOptions({
    queryKey: ["prompt tokens", text, checkpoint, syntax],
    queryFn: async (): Promise<Count | null> => {
      const body = { texts: [text], checkpoint, syntax };
      const { counts } = await got(api.POST("/api/v1/prompts/tokens", { body }));
      return counts[0] ?? null;
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 10_000, // there is one for each pause in the typing
    retry: false,
    placeholderData: keepPreviousData,
  });
}

/** How long a prompt is, a moment after it has changed; null where that is not known. */
export function useCount(
  text: string,
  checkpoint: string | null,
  syntax: Syntax,
  wanted: boolean,
): Count | null {
  const settled = useSettled(text, PAUSE);
  const isEmpty = text.trim() === "";
  const { data } = useQuery({
    ...tokensQuery(settled, checkpoint, syntax),
    enabled: wanted && settled.trim() !== "",
  });
  return isEmpty || !wanted ? null : (data ?? null);
}

/** A value once it has not changed for a moment. */
export function useSettled<Value>(value: Value, pause: number): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pause);
    return () => clearTimeout(timer);
  }, [value, pause]);
  return settled;
}
