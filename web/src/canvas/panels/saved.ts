/** Workflows that are kept on the server, and their versions. */

import { queryOptions } from "@tanstack/react-query";
import { create } from "zustand";
import { api, got, type Schemas } from "@/api/client";
import { queries } from "@/api/queries";
import { type JsonObject, parseJson } from "@/graph/json";
import { isDocument } from "@/graph/read";
import { texts } from "@/texts/texts";
import { say, sayFailure } from "@/ui";
import { changeTab, desk } from "../desk";

export type Saved = Schemas["WorkflowView"];
export type Version = Schemas["VersionView"];

const PAGE = 200;
const GOES_AFTER = 12_000; // milliseconds in which it can be taken back: as long as the message that offers it stays

export const savedQuery = queryOptions({
  queryKey: ["workflows", "list"],
  queryFn: async () => {
    const all: Saved[] = [];
    for (;;) {
      const page: Schemas["WorkflowPage"] = await got(
        api.GET("/api/v1/workflows", { params: { query: { limit: PAGE, offset: all.length } } }),
      );
      all.push(...page.workflows);
      if (page.workflows.length === 0 || all.length >= page.total) return all;
    }
  },
});

export function versionsQuery(id: string) {
  return queryOptions({
    queryKey: ["workflows", id, "versions"],
    queryFn: async () => {
      const params = { path: { workflow: id } };
      return (await got(api.GET("/api/v1/workflows/{workflow}/versions", { params }))).versions;
    },
  });
}

/** The document of a version; null for one that no graph editor saved. */
export function versionQuery(id: string, version: number) {
  return queryOptions({
    // apart from what changes when a workflow is saved: a version stays as it is
    queryKey: ["workflow version", id, version],
    queryFn: async (): Promise<JsonObject | null> => {
      const params = { path: { workflow: id }, query: { version } };
      const answer = await api.GET("/api/v1/workflows/{workflow}/document", { params, parseAs: "text" });
      const json = parseJson(String(answer.data));
      return isDocument(json) ? json : null;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export async function renameSaved(id: string, name: string): Promise<void> {
  await api.PATCH("/api/v1/workflows/{workflow}", { params: { path: { workflow: id } }, body: { name } });
  for (const tab of desk().tabs) if (tab.workflowId === id) changeTab(tab.id, { name });
  await queries.invalidateQueries({ queryKey: ["workflows"] });
}

/** Ids of workflows that will be deleted in a moment. */
export const useGoing = create<{ ids: ReadonlySet<string> }>(() => ({ ids: new Set() }));

/** Delete a workflow with all its versions, after a while in which that can be taken back. */
export function putAway({ id, name }: Saved): void {
  const t = texts("canvas");
  useGoing.setState(({ ids }) => ({ ids: new Set([...ids, id]) }));
  const timer = setTimeout(() => void remove(id), GOES_AFTER);
  say(t("panel removed", { name }), {
    action: {
      label: t("undo"),
      act: () => {
        clearTimeout(timer);
        stays(id);
      },
    },
  });
}

async function remove(id: string): Promise<void> {
  try {
    await api.DELETE("/api/v1/workflows/{workflow}", { params: { path: { workflow: id } } });
    for (const tab of desk().tabs) {
      if (tab.workflowId === id) changeTab(tab.id, { workflowId: null, saved: null });
    }
    await queries.invalidateQueries({ queryKey: savedQuery.queryKey });
  } catch (error) {
    sayFailure(error);
  }
  stays(id);
}

function stays(id: string): void {
  useGoing.setState(({ ids }) => ({ ids: new Set([...ids].filter((other) => other !== id)) }));
}
