import { useEffect, useState } from "react";
import { upload } from "@/api/client";
import { queries } from "@/api/queries";
import { readWorkflow } from "@/api/workflows";
import { handOver } from "@/app/handover";
import { carried, isCarrying } from "@/pictures/carrying";
import { pictureOf } from "@/pictures/picture";
import { recipeQuery } from "@/pictures/recipe";
import { texts } from "@/texts/texts";
import { attempt, say } from "@/ui";
import { startFrom, takeSettings } from "./making";

/** Whether the page takes something: not while a dialog is in front of it. */
function isWelcome(data: DataTransfer | null): data is DataTransfer {
  if (document.querySelector("dialog[open]")) return false;
  return data !== null && (data.types.includes("Files") || isCarrying(data));
}

/** Take what is dropped anywhere on the page, or pasted: pictures to start from, and workflows. */
export function useDropped(): { isOver: boolean; isBusy: boolean } {
  const [isOver, setOver] = useState(false);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    async function take(file: File) {
      setBusy(true);
      await attempt(() => bring(file));
      setBusy(false);
    }
    function onDragOver(event: DragEvent) {
      if (!isWelcome(event.dataTransfer)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      setOver(true);
    }
    function onDragLeave(event: DragEvent) {
      if (event.relatedTarget === null) setOver(false);
    }
    function onDrop(event: DragEvent) {
      setOver(false);
      if (!isWelcome(event.dataTransfer)) return;
      event.preventDefault();
      const [own] = carried(event.dataTransfer);
      const [file] = event.dataTransfer.files;
      if (own) startFrom(own);
      else if (file) void take(file);
    }
    function onPaste(event: ClipboardEvent) {
      if (!isWelcome(event.clipboardData)) return;
      const file = [...event.clipboardData.files].find(({ type }) => type.startsWith("image/"));
      if (!file) return;
      event.preventDefault();
      void take(file);
    }
    const end = () => setOver(false);
    addEventListener("dragover", onDragOver);
    addEventListener("dragleave", onDragLeave);
    addEventListener("drop", onDrop);
    addEventListener("dragend", end);
    addEventListener("drop", end, true); // also where a field has taken it
    addEventListener("paste", onPaste);
    return () => {
      removeEventListener("dragover", onDragOver);
      removeEventListener("dragleave", onDragLeave);
      removeEventListener("drop", onDrop);
      removeEventListener("dragend", end);
      removeEventListener("drop", end, true);
      removeEventListener("paste", onPaste);
    };
  }, []);
  return { isOver, isBusy };
}

/** A file that somebody brought: a picture to start from, with its settings offered; or a workflow. */
async function bring(file: File): Promise<void> {
  const t = texts("create");
  if (!file.type.startsWith("image/")) {
    const { editor, name } = await readWorkflow(file, file.name);
    handOver("graph", { editor, name: name || file.name });
    return;
  }
  const asset = await upload(file, file.name || "picture.png");
  startFrom(pictureOf(asset));
  const wish = (await queries.ensureQueryData(recipeQuery(asset.id)).catch(() => null))?.wish;
  if (wish?.prompt === undefined) return;
  say(t("has settings"), {
    action: { label: texts("pictures")("use settings"), act: () => takeSettings(wish) },
  });
}
