/** Keeps the desk: in this browser at once, and workflows that have a name on the server as well. */

import { api, failure, got } from "@/api/client";
import { queries } from "@/api/queries";
import { formatJson, isObject, type JsonObject, parseJson, textOf } from "@/graph/json";
import { emptyDoc, isDocument, readDoc } from "@/graph/read";
import type { Catalog } from "@/graph/types";
import { writeDoc } from "@/graph/write";
import { texts } from "@/texts/texts";
import { say, sayFailure } from "@/ui";
import { changeTab, desk, docOf, newTab, openTab, standing, type Tab, tabOf, useDesk } from "./desk";

const INDEX = "safelight.graph.tabs";
const TAB = "safelight.graph.tab.";
const AT_ONCE = 250; // milliseconds after a change, in the browser
const SOON = 20_000; // milliseconds after the last change, on the server: each is a version

/** Open what was on the desk when the page was left; called once the catalog is there. */
export function restoreDesk(catalog: Catalog): void {
  const index = readItem(INDEX);
  const ids = Array.isArray(index?.tabs) ? index.tabs.map(String) : [];
  const tabs = ids.flatMap((id) => restoredTab(id, catalog) ?? []);
  if (tabs.length === 0) return;
  const active = tabs.some((tab) => tab.id === index?.active) ? textOf(index?.active) : (tabs[0]?.id ?? "");
  useDesk.setState({ tabs, active });
}

function restoredTab(id: string, catalog: Catalog): Tab | null {
  const item = readItem(TAB + id);
  if (!item || !isDocument(item.document)) return null;
  const doc = readDoc(item.document, catalog);
  const tab = newTab(doc, textOf(item.name), {
    id,
    workflowId: textOf(item.workflowId) || null,
    path: listOfTexts(item.path),
    jobs: listOfTexts(item.jobs),
    saved: item.isSaved === true ? doc : null,
    ...(isObject(item.views) ? { views: item.views as unknown as Tab["views"] } : {}),
    ...(isObject(item.results) ? { results: item.results as unknown as Tab["results"] } : {}),
    ...(isObject(item.shows) ? { shows: item.shows as unknown as Tab["shows"] } : {}),
    ...(isObject(item.lacking) ? { lacking: item.lacking as unknown as Tab["lacking"] } : {}),
  });
  return { ...tab, ...standing(doc, tab) };
}

function readItem(key: string): JsonObject | null {
  try {
    const value = parseJson(localStorage.getItem(key) ?? "null");
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function listOfTexts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

const written = new Map<string, Tab>();
let isFull = false;

/** Write what has changed into the browser's store. */
function writeDesk(): void {
  const { tabs, active, catalog } = desk();
  try {
    for (const tab of tabs) if (written.get(tab.id) !== tab) writeTab(tab, catalog);
    localStorage.setItem(INDEX, JSON.stringify({ tabs: tabs.map(({ id }) => id), active }));
    isFull = false;
  } catch {
    if (!isFull) say(texts("canvas")("store full"), { kind: "bad" });
    isFull = true;
  }
  for (const id of written.keys()) {
    if (tabs.some((tab) => tab.id === id)) continue;
    localStorage.removeItem(TAB + id);
    written.delete(id);
  }
}

function writeTab(tab: Tab, catalog: Catalog): void {
  const doc = tab.history.present.doc;
  const { name, workflowId, path, jobs, views, results, shows, lacking } = tab;
  const rest = { name, workflowId, path, jobs, views, results, shows, lacking, isSaved: tab.saved === doc };
  const text = `{"document":${formatJson(writeDoc(doc, catalog))},${JSON.stringify(rest).slice(1)}`;
  localStorage.setItem(TAB + tab.id, text);
  written.set(tab.id, tab);
}

/** Watch the desk and keep it; gives what ends that. */
export function keepDesk(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const later = new Map<string, ReturnType<typeof setTimeout>>();
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    writeDesk();
  };
  const stop = useDesk.subscribe((state, before) => {
    if (state.tabs === before.tabs && state.active === before.active) return;
    timer ??= setTimeout(flush, AT_ONCE);
    for (const tab of state.tabs) {
      const old = before.tabs.find(({ id }) => id === tab.id);
      if (!tab.workflowId || !old || old.history.present.doc === tab.history.present.doc) continue;
      clearTimeout(later.get(tab.id));
      later.set(
        tab.id,
        setTimeout(() => void saveVersion(tab.id), SOON),
      );
    }
  });
  const hidden = () => document.visibilityState === "hidden" && flush();
  addEventListener("pagehide", flush);
  document.addEventListener("visibilitychange", hidden);
  return () => {
    stop();
    flush();
    for (const one of later.values()) clearTimeout(one);
    for (const tab of desk().tabs) void saveVersion(tab.id);
    removeEventListener("pagehide", flush);
    document.removeEventListener("visibilitychange", hidden);
  };
}

/** Save a named workflow as a version on the server, where it has changed. */
export async function saveVersion(id: string, note = ""): Promise<boolean> {
  const { tabs, catalog } = desk();
  const tab = tabs.find((one) => one.id === id);
  const doc = tab?.history.present.doc;
  if (!tab?.workflowId || !doc || (tab.saved === doc && !note)) return true;
  try {
    await api.PUT("/api/v1/workflows/{workflow}/document", {
      params: { path: { workflow: tab.workflowId } },
      body: { document: writeDoc(doc, catalog), note },
    });
    changeTab(id, { saved: doc });
    void queries.invalidateQueries({ queryKey: ["workflows"] });
    return true;
  } catch (error) {
    const { status, what, mend } = failure(error);
    if (status === 404) changeTab(id, { workflowId: null, saved: null });
    else if (status !== 0) say(what, { kind: "bad", detail: mend });
    return false;
  }
}

/** Give the workflow that is shown a name, and keep it on the server under it. */
export async function saveAs(name: string): Promise<void> {
  const state = desk();
  const [tab, doc] = [tabOf(state), docOf(state)];
  if (!tab || !doc) return;
  try {
    const { id } = await got(
      api.POST("/api/v1/workflows", { body: { name, document: writeDoc(doc, state.catalog), note: "" } }),
    );
    changeTab(tab.id, { name, workflowId: id, saved: doc });
    void queries.invalidateQueries({ queryKey: ["workflows"] });
    say(texts("canvas")("saved as", { name }));
  } catch (error) {
    sayFailure(error);
  }
}

/** Rename a tab, and its workflow on the server. */
export async function renameTab(id: string, name: string): Promise<void> {
  const tab = desk().tabs.find((one) => one.id === id);
  if (!tab || tab.name === name) return;
  changeTab(id, { name });
  if (!tab.workflowId) return;
  try {
    await api.PATCH("/api/v1/workflows/{workflow}", {
      params: { path: { workflow: tab.workflowId } },
      body: { name },
    });
    void queries.invalidateQueries({ queryKey: ["workflows"] });
  } catch (error) {
    sayFailure(error);
  }
}

/** A new, empty workflow. */
export function openEmpty(): void {
  openTab(newTab(emptyDoc(), freeTabName(texts("canvas")("untitled"))));
}

/** A name that no tab has yet. */
export function freeTabName(name: string): string {
  const taken = new Set(desk().tabs.map((tab) => tab.name));
  if (!taken.has(name)) return name;
  for (let number = 2; ; number++) if (!taken.has(`${name} ${number}`)) return `${name} ${number}`;
}
