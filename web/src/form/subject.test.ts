import { describe, expect, it } from "vitest";
import type { LiveJob } from "@/live/jobs";
import { subjectOf } from "./subject";

type State = LiveJob["view"]["state"];

function job(id: string, state: State, pictures: readonly string[] = [], text = ""): LiveJob {
  const outputs = [
    ...pictures.map((name) => ({
      node: "7",
      kind: "images",
      text: "",
      asset: { id: name, folder: name.startsWith("temp") ? "temp" : "output", mime: "image/png" },
    })),
    ...(text ? [{ node: "8", kind: "text", text, asset: null }] : []),
  ];
  return { id, view: { id, state, outputs } } as unknown as LiveJob;
}

const shown = (jobs: readonly LiveJob[], chosen: string | null = null) => {
  const subject = subjectOf(jobs, chosen);
  return subject?.kind === "picture" ? subject.asset.id : subject && `${subject.kind} ${subject.job.id}`;
};

describe("the form shows", () => {
  it("nothing before anything was made", () => expect(shown([])).toBe(null));

  it("what runs, else what runs next, before what is done", () => {
    const jobs = [job("c", "queued"), job("b", "running"), job("a", "done", ["old"])];
    expect(shown(jobs)).toBe("job b");
    expect(shown([job("c", "queued"), job("b", "queued"), job("a", "done", ["old"])])).toBe("job b");
  });

  it("the newest result, and a saved picture before one that was only shown", () => {
    expect(shown([job("b", "done", ["temp", "kept"]), job("a", "done", ["old"])])).toBe("kept");
    expect(shown([job("b", "done", [], "a cat"), job("a", "done", ["old"])])).toBe("texts b");
    expect(shown([job("b", "failed"), job("a", "done", ["old"])])).toBe("job b");
    expect(shown([job("b", "cancelled"), job("a", "done", ["old"])])).toBe("old");
  });

  it("what was chosen, whatever runs", () => {
    const jobs = [job("b", "running"), job("a", "done", ["old"])];
    expect(shown(jobs, "old")).toBe("old");
    expect(shown(jobs, "gone")).toBe("job b");
  });
});
