/** LoRAs in the workflow behind a picture, and the workflow that tells what one touches. */

import type { Json, JsonObject } from "@/graph/json";
import type { Experiment } from "@/live/useExperiment";
import { behind, type Change } from "./trying";

export interface UsedLora {
  readonly name: string;
  readonly strength: number;
}

const inputsOf = (workflow: JsonObject, node: string): JsonObject =>
  (workflow[node] as unknown as { inputs?: JsonObject } | undefined)?.inputs ?? {};

/** The LoRAs behind a sampler, in the order in which they are laid on. */
export function lorasBehind(workflow: JsonObject, sampler: string): UsedLora[] {
  return behind(workflow, sampler)
    .flatMap((node) => {
      const { lora_name: name, strength_model: strength } = inputsOf(workflow, node);
      return typeof name === "string" && typeof strength === "number" ? [{ name, strength }] : [];
    })
    .reverse();
}

/** A workflow that tells what a LoRA changes of the checkpoint behind a sampler; of its file alone without one. */
export function reported(workflow: JsonObject | null, sampler: string, name: string): Experiment {
  const target = "touched";
  const loader = workflow
    ? behind(workflow, sampler).find((each) => typeof inputsOf(workflow, each).ckpt_name === "string")
    : undefined;
  const inputs: Record<string, Json> = { lora_name: name };
  if (loader) Object.assign(inputs, { model: [loader, 0], clip: [loader, 1] });
  return {
    target,
    slow: [target],
    workflow: { ...(loader ? workflow : {}), [target]: { class_type: "LoraReport", inputs } },
  };
}

/** Another strength of a LoRA, on the denoiser and the text encoder alike. */
export const withStrength = (name: string, strength: number): Change => ({
  input: "strength_model",
  value: strength,
  also: ["strength_clip"],
  where: ["lora_name", name],
});
