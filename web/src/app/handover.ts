import { create } from "zustand";
import type { ImageWish } from "@/api/client";

/** A workflow on its way to another view. */
export interface HandedWorkflow {
  /** As a graph editor saves it. */
  editor: Record<string, unknown>;
  name: string;
  /** Of a saved workflow, so that saving makes a version of that. */
  workflowId?: string;
  /** For a grid: the first input of this name is varied over this list. */
  vary?: { input: string; list: string };
}

interface Handover {
  /** Settings for the form. */
  create: Partial<ImageWish> | null;
  graph: HandedWorkflow | null;
  explore: HandedWorkflow | null;
}

type Kind = keyof Handover;

const PLACES: Record<Kind, string> = { create: "#/", graph: "#/graph", explore: "#/explore" };

/** What one view hands to another; the other takes it when it is shown. */
export const useHandover = create<Handover>(() => ({ create: null, graph: null, explore: null }));

/** Go to a view with something to work on. */
export function handOver<K extends Kind>(kind: K, what: NonNullable<Handover[K]>): void {
  useHandover.setState({ [kind]: what });
  location.hash = PLACES[kind];
}

/** What was handed to a view; it is given once. */
export function takeOver<K extends Kind>(kind: K): Handover[K] {
  const what = useHandover.getState()[kind];
  if (what !== null) useHandover.setState({ [kind]: null });
  return what;
}
