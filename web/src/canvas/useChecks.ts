import { useEffect } from "react";
import { refreshJob, useLive } from "@/live/jobs";
import { check, keepResults } from "./acting";
import { desk, tabOf, useDesk, useDoc } from "./desk";

const PAUSE = 700; // milliseconds without an edit

/** Asks the server about each change, and keeps up with the run that is shown. */
export function useChecks(): void {
  const doc = useDoc();
  const active = useDesk((state) => state.active);
  const files = useDesk((state) => state.files);
  useEffect(() => {
    const tab = tabOf(desk());
    if (!doc || !tab || tab.id !== active || !files) return;
    if (doc.root.nodes.size === 0) return;
    const abort = new AbortController();
    const timer = setTimeout(() => void check(tab, doc, abort.signal), PAUSE);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [doc, active, files]);

  const jobs = useDesk((state) => tabOf(state)?.jobs);
  useEffect(() => {
    for (const id of jobs ?? []) if (!useLive.getState().jobs[id]) void refreshJob(id);
  }, [jobs]);

  const outputs = useLive((live) =>
    (jobs ?? []).map((id) => `${id} ${live.jobs[id]?.view.outputs.length ?? 0}`).join("\n"),
  );
  useEffect(() => {
    if (outputs) keepResults(active);
  }, [outputs, active]);
}
