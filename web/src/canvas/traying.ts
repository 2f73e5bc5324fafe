import { FlaskConical } from "lucide-react";
import { apiId } from "@/graph/apiIds";
import { nodeAt } from "@/graph/room";
import { lookInside } from "@/pictures/doing";
import { texts } from "@/texts/texts";
import type { MenuItem } from "@/ui";
import { desk, docOf, tabOf } from "./desk";
import { lastPicture } from "./running";

/** For a node that has pictures, and for a sampler of a run that has: the way to how they came about. */
export function trayItems(id: string): readonly MenuItem[] {
  const state = desk();
  const [doc, tab] = [docOf(state), tabOf(state)];
  const node = doc && tab && nodeAt(doc, tab.path, id);
  if (!node) return [];
  const api = apiId(tab.path, id);
  const spec = state.catalog.get(node.type);
  const isSampler =
    spec?.category.startsWith("sampling") && spec.outputs.some(({ type }) => type === "LATENT");
  const own = tab.results[api]?.find(({ asset }) => asset?.mime.startsWith("image/"))?.asset?.id;
  const picture = own ?? (isSampler ? lastPicture(tab) : null);
  if (!picture) return [];
  return [
    {
      label: texts("pictures")("look inside"),
      icon: FlaskConical,
      onSelect: () => lookInside(picture, isSampler ? api : ""),
    },
  ];
}
