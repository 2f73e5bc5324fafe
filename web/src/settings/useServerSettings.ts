/** Settings of the server, which stand in its file and count after a restart. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, got, type Schemas } from "@/api/client";
import { sessionQuery } from "@/api/queries";
import { settingsQuery, useDoing } from "./parts";

type Change = Schemas["SettingsChange"];
export type SettingName = keyof Change;

/** What is set now, what a person is changing, and how that is saved. */
export function useServerSettings() {
  const { data, error } = useQuery(settingsQuery);
  const { data: session } = useQuery(sessionQuery);
  const client = useQueryClient();
  const [draft, setDraft] = useState<Partial<Change>>({});
  const [isBusy, act] = useDoing();
  const held: Record<string, unknown> = { ...data?.settings, ...data?.coming, ...draft };
  return {
    view: data,
    error,
    isAdmin: session?.admin === true,
    isChanged: Object.keys(draft).length > 0,
    isBusy,
    /** Those that the file cannot change. */
    isLocked: (name: SettingName) => session?.admin !== true || (data?.environment.includes(name) ?? false),
    text: (name: SettingName) => String(held[name] ?? ""),
    number: (name: SettingName) => Number(held[name] ?? 0),
    isOn: (name: SettingName) => held[name] === true,
    texts: (name: SettingName) => {
      const value = held[name];
      return Array.isArray(value) ? value.map(String) : [];
    },
    put: (change: Partial<Change>) => setDraft((before) => ({ ...before, ...change })),
    undo: () => setDraft({}),
    save: () =>
      act(async () => {
        const view = await got(api.PATCH("/api/v1/settings", { body: draft as Change }));
        client.setQueryData(settingsQuery.queryKey, view);
        setDraft({});
      }),
  };
}

export type ServerSettings = ReturnType<typeof useServerSettings>;
