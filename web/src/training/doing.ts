/** What can be done with what a run has made. */

import { api, got, type ImageWish } from "@/api/client";
import { queries } from "@/api/queries";
import { handOver } from "@/app/handover";
import type { RunDetails } from "./requests";

export const STRENGTHS = "0, 0.5, 0.8, 1, 1.2";

type Made = Pick<RunDetails, "result" | "prompts" | "settings">;

/** What Create begins with to use what a run has made; null where it has no place for that. */
export function wishOf({ result, prompts, settings }: Made): Partial<ImageWish> | null {
  const [folder, name = ""] = parts(result);
  const { trigger = "" } = settings.data;
  // a whole sentence that the run has drawn, if there is one with the trigger in it
  const sentence =
    prompts.find((prompt) => trigger && prompt !== trigger && prompt.includes(trigger)) ?? trigger;
  const prompt = sentence ? { prompt: sentence } : {};
  switch (folder) {
    case "loras":
      return { ...prompt, checkpoint: settings.checkpoint, loras: [{ name, strength: 1 }] };
    case "checkpoints":
      return { ...prompt, checkpoint: name, loras: [] };
    case "embeddings": {
      const word = `embedding:${name.replace(/\.\w+$/, "")}`;
      const said = trigger && sentence.includes(trigger) ? sentence.replace(trigger, word) : word;
      return { prompt: said, checkpoint: settings.checkpoint };
    }
    default:
      return null;
  }
}

/** Open Create with what a run has made. */
export function openInCreate(run: Made): void {
  const wish = wishOf(run);
  if (!wish) return;
  // the new file is not in the lists yet
  void queries.invalidateQueries({ queryKey: ["models"] });
  void queries.invalidateQueries({ queryKey: ["nodes"] });
  handOver("create", wish);
}

/** Open Explore with the same picture at several strengths of a LoRA. */
export async function compareStrengths(run: Made, name: string): Promise<void> {
  const wish = { ...wishOf(run), seed: run.settings.samples?.seed ?? 1, count: 1 };
  const [{ editor }] = await Promise.all([
    got(api.POST("/api/v1/images/workflow", { body: wish as ImageWish })),
    queries.invalidateQueries({ queryKey: ["nodes"] }),
  ]);
  handOver("explore", { editor, name, vary: { input: "strength_model", list: STRENGTHS } });
}

export function isLora({ result }: Pick<RunDetails, "result">): boolean {
  return parts(result)[0] === "loras";
}

function parts(result: string | null): readonly string[] {
  const at = result?.indexOf("/") ?? -1;
  return result && at > 0 ? [result.slice(0, at), result.slice(at + 1)] : [];
}
