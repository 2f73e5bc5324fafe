import type { Refusal } from "@/graph/types";
import { texts } from "@/texts/texts";
import { say } from "@/ui";

/** Why something cannot be done, in words. */
export function refusalText({ key, params }: Refusal): string {
  return texts("canvas")(`refused ${key}`, params);
}

export function sayRefusal(refusal: Refusal): void {
  say(refusalText(refusal));
}
