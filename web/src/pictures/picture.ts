import type { Asset, Job } from "@/api/client";

/** A picture of ours, as little of it as is needed to show and name it. */
export interface Picture {
  /** Of an asset, or a name among the inputs. */
  id: string;
  name: string;
  url: string;
  thumbnail: string | null;
  width: number | null;
  height: number | null;
}

export function pictureOf(asset: Asset): Picture {
  const { id, url, thumbnail, width, height } = asset;
  return { id, url, thumbnail, width, height, name: fileName(asset) };
}

/** A picture that is known by its id or name alone. */
export function pictureNamed(id: string): Picture {
  const rest = { id, width: null, height: null };
  if (/^[0-9a-f]{32}$/.test(id)) {
    const url = `/api/v1/assets/${id}`;
    return { ...rest, name: "", url: `${url}/file`, thumbnail: `${url}/thumbnail` };
  }
  const { file } = placeOf(id, "input");
  return { ...rest, name: file, url: pictureUrl(id, "input"), thumbnail: null };
}

/** Where a file of a folder of pictures is shown; the server knows names such as `a/b.png [output]`. */
export function pictureUrl(name: string, folder: string, small = false): string {
  const { file, subfolder, type } = placeOf(name, folder);
  const query = new URLSearchParams({ filename: file, subfolder, type });
  if (small) query.set("preview", "webp;70");
  return `/api/view?${query}`;
}

function placeOf(name: string, folder: string): { file: string; subfolder: string; type: string } {
  const [, plain = name, type = folder] = /^(.*?)(?: \[(input|output|temp)\])?$/.exec(name) ?? [];
  const parts = plain.split("/");
  const file = parts.pop() ?? plain;
  return { file, subfolder: parts.join("/"), type };
}

/** The last part of a picture's path. */
export function fileName({ path }: Pick<Asset, "path">): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Pictures that a job made, those that were saved before those that were only shown. */
export function picturesOf(job: Job | undefined): readonly Asset[] {
  const all = job?.outputs.flatMap(({ asset }) => (asset?.mime.startsWith("image/") ? [asset] : [])) ?? [];
  const isSaved = ({ folder }: Asset) => folder === "output";
  return [...all.filter(isSaved), ...all.filter((asset) => !isSaved(asset))];
}
