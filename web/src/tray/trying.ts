/** The workflow behind a picture, changed in one thing, to see what comes of it. */

import type { JsonObject } from "@/graph/json";
import type { Experiment } from "@/live/useExperiment";

/** What is changed: an input by name, of the nearest node that has it, from the sampler on upwards. */
export interface Change {
  readonly input: string;
  readonly value: string | number;
  /** Only where the input has this value now. */
  readonly now?: string;
  /** Other inputs of the same node that get the value too, as far as they are there. */
  readonly also?: readonly string[];
  /** Only where another input has a value. */
  readonly where?: readonly [input: string, value: string];
  /** Inputs of the sampler through which to go; all where there are none. */
  readonly through?: readonly string[];
}

export interface Call {
  readonly class_type: string;
  readonly inputs: JsonObject;
}

export const call = (workflow: JsonObject, node: string) => workflow[node] as unknown as Call | undefined;
export const PROMPTED = ["positive", "conditioning", "guider"];

export const byWeight = (prompt: string, now: string): Change => ({
  input: "text",
  value: prompt,
  now,
  through: PROMPTED,
});

/** Links of a node: the names of its inputs with the nodes that they come from. */
export function sources(workflow: JsonObject, node: string): [name: string, from: string][] {
  return Object.entries(call(workflow, node)?.inputs ?? {}).flatMap(([name, value]) =>
    Array.isArray(value) && typeof value[0] === "string" && value[0] in workflow
      ? [[name, value[0]] as [string, string]]
      : [],
  );
}

/** The nodes behind one, itself first, the nearest before those that are farther. */
export function behind(workflow: JsonObject, node: string, through?: readonly string[]): string[] {
  const found = [node];
  for (const each of found) {
    for (const [name, from] of sources(workflow, each))
      if ((each !== node || !through || through.includes(name)) && !found.includes(from)) found.push(from);
  }
  return found;
}

/** A workflow with a change; null where nothing has what is to be changed. What was saved is only shown. */
export function changed(workflow: JsonObject, sampler: string, change: Change): JsonObject | null {
  const target = behind(workflow, sampler, change.through).find((node) => {
    const inputs = call(workflow, node)?.inputs ?? {};
    const now = inputs[change.input];
    const isValue = now !== undefined && !Array.isArray(now);
    const isMeant = !change.where || inputs[change.where[0]] === change.where[1];
    return isValue && isMeant && (change.now === undefined || now === change.now);
  });
  if (!target) return null;
  const entries = Object.entries(workflow).map(([id]) => {
    const { class_type, inputs } = call(workflow, id) ?? { class_type: "", inputs: {} };
    if (id === target) {
      const names = [change.input, ...(change.also ?? []).filter((name) => name in inputs)];
      const values = Object.fromEntries(names.map((name) => [name, change.value]));
      return [id, { class_type, inputs: { ...inputs, ...values } }];
    }
    if (class_type === "SaveImage")
      return [id, { class_type: "PreviewImage", inputs: { images: inputs.images ?? null } }];
    return [id, { class_type, inputs }];
  });
  return Object.fromEntries(entries) as JsonObject;
}

/** The plan of a run beside those of other schedulers. */
export function planned(
  workflow: JsonObject,
  sampler: string,
  run: { sampler: string; scheduler: string; steps: number; denoise: number },
): Experiment | null {
  const model = behind(workflow, sampler)
    .flatMap((node) =>
      Array.isArray(call(workflow, node)?.inputs.model) ? [call(workflow, node)?.inputs.model] : [],
    )
    .at(0);
  if (!model) return null;
  const target = "plan";
  const inputs = {
    model,
    sampler_name: run.sampler,
    scheduler: run.scheduler,
    steps: run.steps,
    denoise: run.denoise,
  };
  return { workflow: { ...workflow, [target]: { class_type: "NoisePlan", inputs } }, target, slow: [target] };
}
