import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { failure } from "@/api/client";
import { useTexts } from "@/texts/texts";
import { distinct, folderFor, stemOf } from "./draft";
import { bringPicture, type Folder, foldersQuery, type Picture, refreshData, writeCaption } from "./requests";

const AT_ONCE = 3; // pictures on their way
const CAPTIONS = /\.(txt|caption)$/i;

interface Uploads {
  done: number;
  /** Zero while nothing is on its way. */
  total: number;
  /** Files that the server did not take, and why. */
  refused: readonly { file: string; why: string }[];
  bring: (files: readonly File[]) => void;
  /** Take note of what is said of a picture now. */
  told: (picture: Picture) => void;
}

/** Brings pictures into a folder, with the captions that lie beside them. */
export function useUploads({
  name,
  folder,
  taken,
  onFolder,
}: {
  name: string;
  folder: string;
  taken: readonly Picture[];
  onFolder: (folder: string) => void;
}): Uploads {
  const t = useTexts("training");
  const client = useQueryClient();
  const [{ done, total }, setCount] = useState({ done: 0, total: 0 });
  const [refused, setRefused] = useState<Uploads["refused"]>([]);
  const coming = useRef(""); // the folder that the first pictures are on their way to

  async function bringAll(files: readonly File[]) {
    const captions = new Map(files.filter(isCaption).map((file) => [stemOf(file.name), file]));
    const pictures = files.filter((file) => !isCaption(file));
    const names = distinct(
      pictures.map((file) => file.name),
      taken.map((picture) => picture.name),
    );
    const place = folder || coming.current || folderFor(name, new Date());
    coming.current = place;
    let isThere = folder !== "";
    setRefused([]);
    setCount((count) => ({ ...count, total: count.total + pictures.length }));
    const waiting = [...pictures.entries()];
    async function bringNext(): Promise<void> {
      const next = waiting.shift();
      if (!next) return;
      const [at, file] = next;
      try {
        const { path } = await bringPicture(place, file, names[at] ?? file.name);
        isThere = true;
        const caption = await captions.get(stemOf(file.name))?.text();
        if (caption?.trim()) await writeCaption(place, path.slice(place.length + 1), caption.trim());
      } catch (error) {
        refuse(file.name, error);
      }
      setCount((count) => ({ ...count, done: count.done + 1 }));
      return bringNext();
    }
    await Promise.all(Array.from({ length: AT_ONCE }, bringNext));
    for (const picture of pictures) captions.delete(stemOf(picture.name));
    for (const [stem, file] of captions) await bringCaption(place, stem, file);
    setCount((count) => (count.done >= count.total ? { done: 0, total: 0 } : count));
    coming.current = "";
    await refreshData(place);
    void client.invalidateQueries({ queryKey: foldersQuery.queryKey });
    if (isThere) onFolder(place);
  }

  /** A caption that came without its picture is that of one which is here already. */
  async function bringCaption(place: string, stem: string, file: File) {
    const picture = taken.find((one) => stemOf(one.name) === stem);
    try {
      if (!picture) throw new Error(t("no picture of caption"));
      await writeCaption(place, picture.name, (await file.text()).trim() || null);
    } catch (error) {
      refuse(file.name, error);
    }
  }

  function refuse(file: string, error: unknown) {
    const { what, mend } = failure(error);
    setRefused((before) => [...before, { file, why: `${what} ${mend}`.trim() }]);
  }

  return {
    done,
    total,
    refused,
    bring: (files) => void bringAll(files),
    told: (picture) =>
      client.setQueriesData<Folder>(
        { queryKey: ["training", "data", folder] },
        (view) => view && withPicture(view, picture),
      ),
  };
}

function withPicture(view: Folder, told: Picture): Folder {
  const pictures = view.pictures.map((picture) => (picture.name === told.name ? told : picture));
  const before = view.pictures.find(({ name }) => name === told.name);
  const more = Number(Boolean(told.caption)) - Number(Boolean(before?.caption));
  return { ...view, pictures, captioned: view.captioned + more };
}

function isCaption(file: File): boolean {
  return CAPTIONS.test(file.name);
}
