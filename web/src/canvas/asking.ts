/** What the canvas asks a person at the moment, in front of everything else. */

import { create } from "zustand";
import type { Point } from "@/graph/types";

/** One end of a wire that is to be drawn. */
export interface Pull {
  readonly node: string;
  /** Number of the output, or key of the input. */
  readonly end: { readonly output: number } | { readonly input: string };
}

export type Ask =
  /** `isFree`: not where one points, but beside what one is at. */
  | { readonly kind: "add"; readonly at: Point; readonly pull?: Pull; readonly isFree?: boolean }
  | { readonly kind: "link"; readonly pull: Pull }
  | { readonly kind: "rename"; readonly what: "node" | "group" | "tab" | "subgraph"; readonly id: string }
  | { readonly kind: "reasons"; readonly node: string }
  | { readonly kind: "picture"; readonly url: string; readonly alt: string }
  | { readonly kind: "paint"; readonly node: string; readonly widget: string }
  | { readonly kind: "colours" }
  | { readonly kind: "promoted"; readonly node: string }
  | { readonly kind: "save" }
  | { readonly kind: "open" }
  | { readonly kind: "help" };

export const useAsk = create<{ ask: Ask | null }>(() => ({ ask: null }));

export function ask(what: Ask): void {
  useAsk.setState({ ask: what });
}

/** Close what is asked; the keyboard goes back to where it was. */
export function asked(): void {
  useAsk.setState({ ask: null });
}
