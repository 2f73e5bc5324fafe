import type { Asset } from "@/api/client";
import { fileName, type Picture, pictureOf } from "./picture";

/** Pictures of ours that are being dragged, as JSON. */
const CARRIED = "application/x-safelight-pictures";

/** Let pictures be dragged: to fields of ours, to other programs as a file or by their addresses. */
export function carry(assets: readonly Asset[], data: DataTransfer): void {
  const [first] = assets;
  if (!first) return;
  const address = (asset: Asset) => new URL(asset.url, location.href).href;
  data.effectAllowed = "copy";
  data.setData(CARRIED, JSON.stringify(assets.map(pictureOf)));
  data.setData("text/uri-list", assets.map(address).join("\r\n"));
  data.setData("text/plain", assets.map(address).join("\n"));
  data.setData("DownloadURL", `${first.mime}:${fileName(first)}:${address(first)}`);
}

/** Whether pictures of ours are being dragged; what they are is told only when they are dropped. */
export function isCarrying({ types }: DataTransfer): boolean {
  return types.includes(CARRIED);
}

/** The pictures of ours that are dropped. */
export function carried(data: DataTransfer): readonly Picture[] {
  const text = data.getData(CARRIED);
  return text ? (JSON.parse(text) as Picture[]) : [];
}
