import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useShallow } from "zustand/react/shallow";
import { api, type Failure, failure, got, type Problem } from "@/api/client";
import { type Field, formOf } from "@/graph/expose";
import type { JsonObject } from "@/graph/json";
import { beforeRun } from "@/graph/seeds";
import type { Catalog, Doc } from "@/graph/types";
import { writeDoc } from "@/graph/write";
import { isOpen, know, type LiveJob, refreshJob, useLive } from "@/live/jobs";
import { cancelJobs } from "@/live/requests";
import { texts } from "@/texts/texts";
import { attempt, say } from "@/ui";
import { afterRun, type Entries, type Entry, filled, isTouched, keyOf, steeredIn } from "./entries";
import { type Kept, keep, readKept } from "./kept";
import type { Workflow } from "./useWorkflow";

const PAUSE = 700; // milliseconds without a change, before the server is asked about it

export interface FormState {
  readonly fields: readonly Field[];
  readonly jobs: readonly LiveJob[];
  readonly problems: readonly Problem[];
  /** Why the last run was refused, where no field says so. */
  readonly refused: Failure | null;
  /** Seconds that a run is thought to take. */
  readonly seconds: number | null;
  readonly isSending: boolean;
  readonly isTouched: boolean;
  readonly change: (field: Field, entry: Entry) => void;
  readonly make: () => Promise<boolean>;
  readonly cancel: () => Promise<void>;
  readonly reset: () => void;
}

/** A form as it is being filled in, with its runs. */
export function useForm(id: string, { name, doc, catalog }: Workflow): FormState {
  const [kept, setKept] = useState(() => readKept(id));
  const [isSending, setSending] = useState(false);
  const [refused, setRefused] = useState<Failure | null>(null);
  const now = useRef(kept);
  const store = useCallback(
    (change: (before: Kept) => Kept) => {
      now.current = change(now.current);
      setKept(now.current);
      if (!keep(id, now.current)) say(texts("form")("store full"), { kind: "bad" });
    },
    [id],
  );
  const { entries, steered } = kept;
  const whole = useMemo(() => filled(doc, catalog, entries, steered), [doc, catalog, entries, steered]);
  const fields = useMemo(() => formOf(whole, catalog).shown, [whole, catalog]);
  const verdict = useVerdict(whole, catalog, fields.length > 0);
  const jobs = useJobs(kept.jobs);

  const change = useCallback(
    ({ exposed }: Field, entry: Entry) =>
      store((before) => {
        const key = keyOf(exposed);
        return { ...before, entries: { ...before.entries, [key]: { ...before.entries[key], ...entry } } };
      }),
    [store],
  );

  async function make(): Promise<boolean> {
    const drawn = beforeRun(whole, catalog);
    setSending(true);
    setRefused(null);
    try {
      const { jobs: views } = await got(api.POST("/api/v1/jobs", { body: bodyOf(drawn, catalog, name) }));
      know(views);
      store((before) => ({
        entries: afterRun(before.entries, drawn, catalog),
        steered: steeredIn(drawn, catalog),
        jobs: [...views.map((view) => view.id), ...before.jobs],
      }));
      return true;
    } catch (error) {
      setRefused(failure(error));
      return false;
    } finally {
      setSending(false);
    }
  }

  async function cancel() {
    const ids = jobs.filter(({ view }) => isOpen(view)).map((job) => job.id);
    await attempt(() => cancelJobs(ids));
  }

  function reset() {
    const t = texts("form");
    const before: Entries = entries;
    const put = (next: Entries) => store((held) => ({ ...held, entries: next }));
    put({});
    setRefused(null);
    say(t("was reset"), { action: { label: t("undo"), act: () => put(before) } });
  }

  return {
    fields,
    jobs,
    problems: refused?.problems.length ? refused.problems : verdict.problems,
    refused,
    seconds: verdict.seconds,
    isSending,
    isTouched: isTouched(fields, entries),
    change: (field, entry) => {
      setRefused(null);
      change(field, entry);
    },
    make,
    cancel,
    reset,
  };
}

function bodyOf(doc: Doc, catalog: Catalog, title: string) {
  const editor: JsonObject = writeDoc(doc, catalog);
  const rest = { targets: null, count: 1, priority: 0, front: false, extra: {} };
  return { workflow: null, editor, title, ...rest };
}

interface Verdict {
  readonly problems: readonly Problem[];
  readonly seconds: number | null;
}

const NOTHING: Verdict = { problems: [], seconds: null };

/** What the server says of the form as it is filled in. */
function useVerdict(doc: Doc, catalog: Catalog, isWanted: boolean): Verdict {
  const [verdict, setVerdict] = useState(NOTHING);
  useEffect(() => {
    if (!isWanted) return;
    const abort = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const body = { workflow: null, editor: writeDoc(doc, catalog), targets: null };
        const { problems, estimate } = await got(
          api.POST("/api/v1/jobs/check", { body, signal: abort.signal }),
        );
        setVerdict({ problems, seconds: estimate?.seconds ?? null });
      } catch {
        // the run itself says what is wrong
      }
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [doc, catalog, isWanted]);
  return verdict;
}

/** The runs of a form, those of a page that was reloaded too. */
function useJobs(ids: readonly string[]): readonly LiveJob[] {
  useEffect(() => {
    for (const id of ids) if (!useLive.getState().jobs[id]) void refreshJob(id);
  }, [ids]);
  return useLive(useShallow((live) => ids.flatMap((id) => live.jobs[id] ?? [])));
}
