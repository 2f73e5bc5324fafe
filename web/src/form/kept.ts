/** What is kept of a form in this browser: what was entered, and its last runs. */

import { formatJson, isObject, type Json, type JsonObject, listOf, objectOf, parseJson } from "@/graph/json";
import { type Entries, readEntries } from "./entries";

export interface Kept {
  readonly entries: Entries;
  /** Values that no field shows and that go on from run to run. */
  readonly steered: JsonObject;
  /** Ids of jobs, the newest first. */
  readonly jobs: readonly string[];
}

const MOST_JOBS = 40;
const EMPTY: Kept = { entries: {}, steered: {}, jobs: [] };

export function readKept(id: string): Kept {
  try {
    const json = parseJson(localStorage.getItem(placeOf(id)) ?? "null");
    if (!isObject(json)) return EMPTY;
    return {
      entries: readEntries(json.entries),
      steered: objectOf(json.steered),
      jobs: listOf(json.jobs).map(String),
    };
  } catch {
    return EMPTY;
  }
}

/** Whether there was room for it. */
export function keep(id: string, { entries, steered, jobs }: Kept): boolean {
  const json: Json = { entries: { ...entries } as JsonObject, steered, jobs: jobs.slice(0, MOST_JOBS) };
  try {
    localStorage.setItem(placeOf(id), formatJson(json));
    return true;
  } catch {
    return false;
  }
}

function placeOf(id: string): string {
  return `safelight.form.${id}`;
}
