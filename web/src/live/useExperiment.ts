import { useEffect, useRef, useState } from "react";
import { type Asset, failure, failureOf } from "@/api/client";
import type { JsonObject } from "@/graph/json";
import { attempt } from "@/ui";
import { isOpen, type LiveJob, progressOf, refreshJob, useJob } from "./jobs";
import { cancelJobs, run } from "./requests";

/** A workflow to be run for one of its nodes. */
export interface Experiment {
  readonly workflow: JsonObject;
  readonly target: string;
  /** Nodes that take the time, by which one tells how far it is. */
  readonly slow: readonly string[];
}

/** What came of an experiment. */
export interface Outcome<Told, Asked> {
  /** Of the job. */
  readonly id: string;
  readonly pictures: readonly Asset[];
  /** What its node told beside them; null where it tells nothing. */
  readonly told: Told | null;
  /** What it was begun with. */
  readonly asked: Asked;
}

export interface Running<Told, Asked> {
  /** Of the last one that came to an end; it stays while the next is on its way. */
  readonly outcome: Outcome<Told, Asked> | null;
  readonly isBusy: boolean;
  readonly hasBegun: boolean;
  /** What the one on its way was begun with; null where there is none. */
  readonly awaited: Asked | null;
  /** How much of it is done, 0 to 1. */
  readonly share: number;
  /** Why the last one failed. */
  readonly error: LiveJob["view"]["error"];
  /** Begin one, in place of one that is on its way. */
  readonly begin: (experiment: Experiment | null, asked: Asked) => void;
  readonly cancel: () => void;
}

const ASKED_AGAIN = 2000; // milliseconds after which a job that nothing was heard of is asked for

/** Runs small workflows one after another, the newest in place of the one before. */
export function useExperiment<Told, Asked>(title: string): Running<Told, Asked> {
  const [begun, setBegun] = useState<{ id: string; slow: readonly string[]; asked: Asked } | null>(null);
  const [isAsking, setAsking] = useState(false);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [outcome, setOutcome] = useState<Outcome<Told, Asked> | null>(null);
  const newest = useRef(0);
  const job = useJob(begun?.id);
  const view = job?.view;
  useEffect(() => {
    if (view?.state !== "done" || view.outputs.length === 0 || begun?.id !== view.id) return;
    const { id, outputs } = view;
    const { asked } = begun;
    if (outputs.some(({ kind, asset }) => !asset && (kind === "images" || kind === "inspection"))) return;
    let isHere = true;
    const pictures = outputs.flatMap(({ kind, asset }) => (kind === "images" && asset ? [asset] : []));
    const url = outputs.find(({ kind }) => kind === "inspection")?.asset?.url;
    void attempt(async () => (url ? readTold<Told>(url) : null)).then((told) => {
      if (isHere) setOutcome((now) => (now?.id === id ? now : { id, pictures, told, asked }));
    });
    return () => {
      isHere = false;
    };
  }, [view, begun]);
  const isOn = job !== undefined && isOpen(job.view);
  const unheard = begun && begun.id !== outcome?.id && !view?.error ? begun.id : null;
  useEffect(() => {
    if (!unheard || view?.state === "cancelled") return;
    // while the connection is lost, the end of a job is told to nobody
    const asking = setInterval(() => void refreshJob(unheard), ASKED_AGAIN);
    return () => clearInterval(asking);
  }, [unheard, view?.state]);
  async function start({ workflow, target, slow }: Experiment, asked: Asked) {
    const nth = ++newest.current;
    setAsking(true);
    setAsked(asked);
    if (isOn) void attempt(() => cancelJobs([job.id]));
    const answer = await attempt(() => run(workflow, [target], title, false));
    if (nth === newest.current) {
      if (answer) setBegun({ id: answer.id, slow, asked });
      setAsking(false);
    } else if (answer) void attempt(() => cancelJobs([answer.id])); // another was begun meanwhile, or it is no longer wanted
  }
  const isBusy = isAsking || isOn || (view?.state === "done" && outcome?.id !== begun?.id);
  return {
    outcome,
    isBusy,
    hasBegun: asked !== null,
    awaited: isBusy ? asked : null,
    share: job && begun ? shareOf(job, begun.slow) : 0,
    error: view?.error ?? null,
    begin: (experiment, asked) => experiment && void start(experiment, asked),
    cancel: () => {
      newest.current++; // one that is being asked for is cancelled when it has come
      setAsking(false);
      if (isOn) void attempt(() => cancelJobs([job.id]));
    },
  };
}

/** How much of the nodes that take the time is done. */
function shareOf(job: LiveJob, slow: readonly string[]): number {
  const done = slow.filter((node) => ["done", "cached"].includes(job.nodes[node] ?? "")).length;
  return (done + (done < slow.length ? progressOf(job).share : 0)) / Math.max(1, slow.length);
}

/** What a node tells beside its pictures. */
async function readTold<Told>(url: string): Promise<Told> {
  const answer = await fetch(url).catch((error: unknown) => {
    throw failure(error);
  });
  if (!answer.ok) throw await failureOf(answer);
  return (await answer.json()) as Told;
}
