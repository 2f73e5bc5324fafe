import { api, got, type Schemas } from "@/api/client";
import { convert } from "@/api/workflows";
import { formatJson, isObject, type Json, type JsonObject, objectOf, parseJson } from "@/graph/json";

/** A saved workflow that names a file which is not there. */
export interface Naming {
  id: string;
  name: string;
  version: number;
}

/** A file that is not there, and who names it. */
export interface MissingFile {
  folder: string;
  name: string;
  nearest: readonly string[];
  workflows: readonly Naming[];
}

/** Look through all saved workflows for files that are not there. */
export async function findMissing(
  onProgress: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<{ files: MissingFile[]; unread: string[] }> {
  const workflows: Schemas["WorkflowView"][] = [];
  for (;;) {
    const query = { limit: 200, offset: workflows.length };
    const page = await got(api.GET("/api/v1/workflows", { params: { query }, signal }));
    workflows.push(...page.workflows);
    if (page.workflows.length === 0 || workflows.length >= page.total) break;
  }
  const found: { missing: Schemas["MissingView"]; workflow: Naming }[] = [];
  const unread: string[] = [];
  for (const [place, workflow] of workflows.entries()) {
    onProgress(place, workflows.length);
    try {
      const document = await documentOf(workflow.id, signal);
      const read = await convert(document, signal);
      found.push(...read.missing.map((missing) => ({ missing, workflow })));
    } catch (error) {
      if (signal.aborted) throw error;
      unread.push(workflow.name);
    }
  }
  return { files: grouped(found), unread };
}

/** Missing files, each with the workflows that name it. */
export function grouped(
  found: readonly {
    missing: Pick<Schemas["MissingView"], "folder" | "name" | "nearest">;
    workflow: Naming;
  }[],
): MissingFile[] {
  const files = new Map<string, MissingFile>();
  for (const { missing, workflow } of found) {
    const { folder, name, nearest } = missing;
    const key = `${folder}/${name}`;
    const before = files.get(key)?.workflows ?? [];
    const workflows = before.some(({ id }) => id === workflow.id) ? before : [...before, workflow];
    files.set(key, { folder, name, nearest, workflows });
  }
  return [...files.values()].sort((one, other) => one.name.localeCompare(other.name));
}

/** A document in which one text has taken the place of another, wherever it stands alone. */
export function replaced(document: Json, from: string, to: string): Json {
  if (document === from) return to;
  if (Array.isArray(document)) return document.map((part: Json) => replaced(part, from, to));
  if (!isObject(document)) return document;
  return Object.fromEntries(
    Object.entries(document).map(([name, part]) => [
      name,
      part === undefined ? undefined : replaced(part, from, to),
    ]),
  );
}

/** A saved workflow as a graph editor saves it. */
export async function editorOf(workflow: string): Promise<JsonObject> {
  return (await convert(await documentOf(workflow))).editor;
}

async function documentOf(workflow: string, signal?: AbortSignal): Promise<JsonObject> {
  const text = await got(
    api.GET("/api/v1/workflows/{workflow}/document", {
      params: { path: { workflow } },
      parseAs: "text",
      signal,
    }),
  );
  return objectOf(parseJson(text as unknown as string));
}

/** Save workflows anew with another file in the place of one that is missing. */
export async function putInstead({ name, workflows }: MissingFile, to: string, note: string): Promise<void> {
  for (const { id } of workflows) {
    const document = replaced(await documentOf(id), name, to) as Record<string, unknown>;
    await api.PUT("/api/v1/workflows/{workflow}/document", {
      params: { path: { workflow: id } },
      body: { document, note },
      bodySerializer: (body) => formatJson(body as unknown as Json),
    });
  }
}

/** Make the workflows again what they were. */
export async function restoreAll(workflows: readonly Naming[]): Promise<void> {
  for (const { id, version } of workflows) {
    await api.POST("/api/v1/workflows/{workflow}/restore", {
      params: { path: { workflow: id } },
      body: { version },
    });
  }
}
