/** What can be done with a picture from wherever it is shown; each says what came of it. */

import { queries } from "@/api/queries";
import { handOver } from "@/app/handover";
import { texts } from "@/texts/texts";
import { attempt, copyText, saveToDisk, say } from "@/ui";
import { editorOf, recipeQuery } from "./recipe";
import { archiveOf, restoreAssets } from "./requests";

/** Say that pictures are in the bin; they can be had back. */
export function sayBinned(ids: readonly string[], onBack?: () => unknown): void {
  const t = texts("pictures");
  const undo = async () => {
    await restoreAssets(ids);
    await onBack?.();
  };
  say(t("deleted", { n: ids.length }), {
    action: { label: t("undo"), act: () => void attempt(undo) },
  });
}

/** One picture as it is, several as one file. */
export async function download(ids: readonly string[]): Promise<void> {
  const [first] = ids;
  if (ids.length === 1) return saveToDisk(`/api/v1/assets/${first}/file?save=true`);
  await attempt(async () =>
    saveToDisk(await archiveOf(ids), `safelight-${new Date().toISOString().slice(0, 10)}.zip`),
  );
}

export function copyPrompt(prompt: string): Promise<void> {
  return copyText(prompt, texts("pictures")("prompt copied"));
}

/** Take the settings of a picture into the form that makes pictures. */
export async function makeAgain(id: string): Promise<void> {
  const t = texts("pictures");
  await attempt(async () => {
    const { wish } = await queries.ensureQueryData(recipeQuery(id));
    if (wish) handOver("create", wish);
    else say(t("no settings"), { kind: "bad", detail: t("no settings about") });
  });
}

/** Start a new picture from one that is there. */
export function startFrom(id: string): void {
  handOver("create", { init_image: id });
}

/** Show how a picture came about; where several samplers are behind it, one of them. */
export function lookInside(id: string, sampler = ""): void {
  location.hash = `#/tray/${[id, sampler].filter(Boolean).map(encodeURIComponent).join("/")}`;
}

/** Open the workflow of a picture in another view. */
export async function openIn(view: "graph" | "explore", id: string, name: string): Promise<void> {
  const t = texts("pictures");
  await attempt(async () => {
    const editor = await editorOf(await queries.ensureQueryData(recipeQuery(id)));
    if (editor) handOver(view, { editor, name: name.slice(0, 60) });
    else say(t("no workflow"), { kind: "bad", detail: t("no settings about") });
  });
}
