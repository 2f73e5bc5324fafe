import { afterAll, expect, it, vi } from "vitest";
import type { Job } from "@/api/client";
import { goesOn, hear, know, refreshQueue, useLive } from "./jobs";

const job = (state: Job["state"], outputs: readonly string[] = []) =>
  ({ id: "a", state, outputs, nodes: [] }) as unknown as Job;
const view = () => useLive.getState().jobs.a?.view;
const state = () => view()?.state;
const told = { job: "a", time: 0 };
/** What the server answers, by path; it does not answer what is not here. */
const answers = vi.hoisted(() => {
  const { Request } = globalThis;
  const answers: Record<string, unknown> = {};
  vi.stubGlobal(
    "Request",
    class extends Request {
      constructor(path: string, init: RequestInit) {
        super(new URL(path, "http://server/"), init);
      }
    },
  );
  vi.stubGlobal("fetch", async ({ url }: Request) => {
    const { pathname } = new URL(url);
    if (!(pathname in answers)) throw new TypeError("nobody answers");
    return new Response(JSON.stringify(answers[pathname]), {
      headers: { "content-type": "application/json" },
    });
  });
  return answers;
});
const ONE = "/api/v1/jobs/a";
const QUEUE = "/api/v1/jobs";
afterAll(() => vi.unstubAllGlobals());

it("what was asked before a job was over does not open it again", async () => {
  know([job("running")]);
  answers[ONE] = job("done");
  answers[QUEUE] = { jobs: [job("running")] };
  hear({ event: "done", ...told });
  await vi.waitFor(() => expect(state()).toBe("done"));
  know([job("queued")]); // the answer to putting it in, when it was over sooner than that arrived
  expect(state()).toBe("done");
  await refreshQueue();
  expect(state()).toBe("done");
});

it("a job is not done before all that it made is known", async () => {
  goesOn("a");
  know([job("running", ["first"])]);
  const seen: unknown[] = [];
  const stop = useLive.subscribe(() => state() === "done" && seen.push(view()?.outputs));
  answers[ONE] = job("done", ["first", "second"]);
  answers[QUEUE] = { jobs: [] };
  hear({ event: "done", ...told });
  await vi.waitFor(() => expect(state()).toBe("done"));
  stop();
  expect(new Set(seen.map(String))).toEqual(new Set(["first,second"]));
});

it("a job that nothing can be asked of is over all the same", async () => {
  goesOn("a");
  know([job("running")]);
  delete answers[ONE];
  hear({ event: "cancelled", ...told });
  await vi.waitFor(() => expect(state()).toBe("cancelled"));
});

it("a job that was over goes on when it is run once more", () => {
  hear({ event: "queued", ...told });
  know([job("queued")]);
  expect(state()).toBe("queued");
});
