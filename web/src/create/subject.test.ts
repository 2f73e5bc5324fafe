import { describe, expect, it } from "vitest";
import type { Asset, Job } from "@/api/client";
import type { LiveJob } from "@/live/jobs";
import { followed, shareOf, subjectOf } from "./subject";

const asset = (id: string) => ({ id, folder: "output", kind: "images", favourite: false }) as Asset;

function job(id: string, state: Job["state"], ended: number | null = null, pictures: Asset[] = []): LiveJob {
  const outputs = pictures.map((picture) => ({ node: "9", kind: "images", text: "", asset: picture }));
  const view = { id, state, ended, outputs } as unknown as Job;
  return { id, view, nodes: {}, node: "3", steps: {}, previews: {}, since: null };
}

describe("what is looked at", () => {
  it("is the running job", () => {
    expect(followed([job("a", "done", 1), job("b", "running"), job("c", "queued")])?.id).toBe("b");
  });

  it("stays the one that ended last until the next begins", () => {
    expect(followed([job("a", "done", 1), job("b", "done", 2), job("c", "queued")])?.id).toBe("b");
  });

  it("is a job that has just ended, whose time is not known yet", () => {
    expect(followed([job("a", "done", 1), job("b", "done")])?.id).toBe("b");
  });

  it("is the newest picture where nothing was asked for", () => {
    expect(subjectOf(null, [], [asset("x"), asset("y")])).toMatchObject({
      kind: "picture",
      asset: { id: "x" },
    });
    expect(subjectOf(null, [], [])).toBeNull();
  });

  it("is what was chosen, also while a job runs", () => {
    expect(subjectOf({ asset: asset("y") }, [job("a", "running")], [])).toMatchObject({ asset: { id: "y" } });
  });

  it("is the picture of a job that is done, as the list has it", () => {
    const liked = { ...asset("x"), favourite: true };
    const shown = subjectOf(null, [job("a", "done", 1, [asset("x")])], [liked]);
    expect(shown).toMatchObject({ kind: "picture", asset: { favourite: true } });
  });

  it("is the job itself where it failed", () => {
    expect(subjectOf(null, [job("a", "failed", 1)], [asset("x")])).toMatchObject({ kind: "job" });
  });
});

it("how far all are counts those that are done and the steps of the one that runs", () => {
  const running = { ...job("b", "running"), steps: { "3": { value: 5, total: 10 } } };
  expect(shareOf([job("a", "done", 1), running])).toBe(0.75);
  expect(shareOf([job("a", "done", 1)])).toBeNull();
});
