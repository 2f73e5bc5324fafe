import { create } from "zustand";
import type { Asset, Failure, ImageWish as Wish } from "@/api/client";
import { formatJson, type Json, parseJson } from "@/graph/json";
import type { PaintingState } from "@/painting";
import { type Form, restored } from "./form";

/** What is looked at: a picture, or a job. */
export type Chosen = { asset: Asset } | { job: string };

interface Studio {
  form: Form;
  /** Jobs of the last requests, the oldest first. */
  run: readonly string[];
  /** What was asked for, by job, for the newest jobs. */
  sent: Readonly<Record<string, Wish>>;
  /** Null follows what is being made. */
  chosen: Chosen | null;
  sending: boolean;
  refused: Failure | null;
}

const FORM = "safelight.create.form";
const RUN = "safelight.create.run";
const PAINTING = "safelight.create.painting";
const MOST_SENT = 100;

export const useStudio = create<Studio>(() => ({
  form: restored(read(FORM)),
  ...runOf(read(RUN)),
  chosen: null,
  sending: false,
  refused: null,
}));

/** Change some of the form's values. */
export function edit(part: Partial<Form>): void {
  useStudio.setState(({ form }) => ({ form: { ...form, ...part } }));
}

export function choose(chosen: Chosen | null): void {
  useStudio.setState({ chosen });
}

/** Note which jobs a wish has become; those before them that are no longer `open` are let go. */
export function begun(jobs: readonly string[], wishes: readonly Wish[], open: readonly string[]): void {
  useStudio.setState(({ sent }) => {
    const now = Object.fromEntries(jobs.flatMap((job, at) => (wishes[at] ? [[job, wishes[at]]] : [])));
    const kept = Object.entries({ ...sent, ...now }).slice(-MOST_SENT);
    return { run: [...open, ...jobs], sent: Object.fromEntries(kept), chosen: null, refused: null };
  });
}

/** Let go of a job that is no longer to be looked at. */
export function forget(job: string): void {
  useStudio.setState(({ run }) => ({ run: run.filter((other) => other !== job), chosen: null }));
}

/** What was painted on a picture, also if the mask was not taken. */
export function keptPainting(picture: string): PaintingState | null {
  const kept = read(PAINTING) as { picture?: string; state?: PaintingState } | null;
  return kept?.picture === picture ? (kept.state ?? null) : null;
}

export function keepPainting(picture: string, state: PaintingState | null): void {
  keep(PAINTING, { picture, state });
}

function runOf(kept: unknown): Pick<Studio, "run" | "sent"> {
  if (typeof kept !== "object" || kept === null) return { run: [], sent: {} };
  const { run, sent } = kept as Partial<Studio>;
  return {
    run: Array.isArray(run) ? run.filter((job) => typeof job === "string") : [],
    sent: typeof sent === "object" && sent !== null ? sent : {},
  };
}

function read(key: string): unknown {
  try {
    return parseJson(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

function keep(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, formatJson(value as Json)); // seeds keep all their digits
  } catch {
    // The browser keeps nothing, or is full: the page works without.
  }
}

useStudio.subscribe((now, before) => {
  if (now.form !== before.form) keep(FORM, now.form);
  if (now.run !== before.run || now.sent !== before.sent) keep(RUN, { run: now.run, sent: now.sent });
});
