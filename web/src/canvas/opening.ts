/** Opening workflows: files and pictures of any kind, saved ones, templates, and what other views hand over. */

import { api, type Failure, failure, got } from "@/api/client";
import { readWorkflow } from "@/api/workflows";
import type { HandedWorkflow } from "@/app/handover";
import { isObject, type JsonObject, listOf, parseJson, textOf } from "@/graph/json";
import { isDocument, readDoc } from "@/graph/read";
import type { Point } from "@/graph/types";
import { texts } from "@/texts/texts";
import { attempt, say } from "@/ui";
import { desk, type Lacking, type Missing, newTab, openTab, showTab, tabOf } from "./desk";
import { freeTabName, openEmpty } from "./keep";
import { addAt } from "./linking";
import { bring } from "./widgets/files";

/** Open each file in a tab of its own. */
export async function openFiles(files: Iterable<File>): Promise<void> {
  for (const file of files) await openFile(file, file.name);
}

/** Open what was dropped; a picture without a workflow in it is put where it was dropped. */
export async function openDropped(files: Iterable<File>, at: Point): Promise<void> {
  for (const file of files) {
    if (!file.type.startsWith("image/")) await openFile(file, file.name);
    else {
      await attempt(async () => {
        const read = await readWorkflow(file, file.name).catch((error: unknown) => {
          if (failure(error).status !== 400) throw error;
          return null;
        });
        if (read) openRead(read, file.name.replace(/\.[^.]+$/, ""));
        else await addPicture(file, at);
      });
    }
  }
}

/** Bring a picture to the server, with a node that loads it. */
export async function addPicture(file: File, at: Point, isFree = false): Promise<void> {
  const image = await bring(file, file.name || "pasted.png");
  if (image === null) return;
  if (!tabOf(desk())) openEmpty();
  addAt({ type: "LoadImage", pos: at, values: { image } }, { isFree });
}

/** Open whatever a file holds: a workflow of any format, or a picture with one inside. */
async function openFile(file: Blob, name: string): Promise<boolean> {
  try {
    return openRead(await readWorkflow(file, name), name.replace(/\.[^.]+$/, ""));
  } catch (error) {
    sayFailure(failure(error), name);
    return false;
  }
}

/** Open text that was pasted: a whole workflow as JSON, or settings as other programs write them. */
export function openText(text: string): Promise<boolean> {
  return openFile(new Blob([text], { type: "text/plain" }), `${texts("canvas")("pasted")}.txt`);
}

function openRead(read: unknown, name: string): boolean {
  if (!isObject(read) || !isDocument(read.editor)) return false;
  openDocument(read.editor, textOf(read.name) || name, { lacking: lackingOf(read) });
  return true;
}

function lackingOf(read: JsonObject): Lacking | null {
  const lacking = {
    notes: listOf(read.notes).map(String),
    unknown: listOf(read.unknown).map(String),
    missing: listOf(read.missing).filter(isObject).map(missingOf),
  };
  return lacking.notes.length + lacking.unknown.length + lacking.missing.length > 0 ? lacking : null;
}

function missingOf(one: JsonObject): Missing {
  return {
    node: textOf(one.node),
    class_type: textOf(one.class_type),
    input: textOf(one.input),
    folder: textOf(one.folder),
    name: textOf(one.name),
    nearest: listOf(one.nearest).map(String),
  };
}

/** Put a graph editor's document on the desk. */
export function openDocument(
  document: JsonObject,
  name: string,
  { lacking = null, workflowId = null }: { lacking?: Lacking | null; workflowId?: string | null } = {},
): void {
  const { catalog } = desk();
  const doc = readDoc(document, catalog);
  openTab(newTab(doc, freeTabName(name), { lacking, workflowId, saved: workflowId ? doc : null }));
}

/** Open what another view has handed over; a saved workflow that is open already is shown. */
export async function openHanded({ editor, name, workflowId }: HandedWorkflow): Promise<void> {
  const open = workflowId ? desk().tabs.find((tab) => tab.workflowId === workflowId) : undefined;
  if (open) return showTab(open.id);
  const json = parseJson(JSON.stringify(editor));
  if (isDocument(json)) return openDocument(json, name, { workflowId: workflowId ?? null });
  await openFile(new Blob([JSON.stringify(editor)], { type: "application/json" }), `${name}.json`);
}

/** Open a workflow that is kept on the server. */
export async function openSaved(id: string, name: string): Promise<void> {
  const open = desk().tabs.find((tab) => tab.workflowId === id);
  if (open) return showTab(open.id);
  try {
    const answer = await api.GET("/api/v1/workflows/{workflow}/document", {
      params: { path: { workflow: id } },
      parseAs: "text",
    });
    const json = parseJson(String(answer.data));
    if (isDocument(json)) openDocument(json, name, { workflowId: id });
    else await openText(String(answer.data));
  } catch (error) {
    sayFailure(failure(error), name);
  }
}

export async function openTemplate(name: string, title = name): Promise<void> {
  try {
    const { editor } = await got(api.GET("/api/v1/templates/{name}", { params: { path: { name } } }));
    const json = parseJson(JSON.stringify(editor));
    if (isDocument(json)) openDocument(json, title);
  } catch (error) {
    sayFailure(failure(error), name);
  }
}

function sayFailure({ what, mend }: Failure, name: string): void {
  say(texts("canvas")("cannot open", { name }), {
    kind: "bad",
    detail: [what, mend].filter(Boolean).join(" "),
  });
}
