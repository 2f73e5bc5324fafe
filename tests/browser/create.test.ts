import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { asked, cancelAll, finished, type JobAnswer, jobOf, nodeOf } from "./asking";
import { openBrowser, visit } from "./browsing";
import { endStudio, eventually, startStudio } from "./studio";

const CAT = fileURLToPath(new URL("../../docs/pictures/cat.png", import.meta.url));

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

/** Fill in the form and send it; the jobs that come of it. */
async function make(
  page: Page,
  prompt: string,
  settings: { steps?: number; count?: number } = {},
): Promise<JobAnswer[]> {
  await page.getByLabel("Prompt", { exact: true }).fill(prompt);
  if (settings.steps !== undefined) {
    const steps = page.getByRole("spinbutton", { name: "Steps" });
    if (!(await steps.isVisible())) await page.getByText("Steps and sampler").click();
    await steps.fill(String(settings.steps));
  }
  if (settings.count !== undefined)
    await page.getByRole("spinbutton", { name: "How many" }).fill(String(settings.count));
  const answer = page.waitForResponse((response) => response.url().endsWith("/api/v1/images"));
  await page.getByRole("button", { name: /^Make/ }).first().click();
  return ((await (await answer).json()) as { jobs: JobAnswer[] }).jobs;
}

async function stateOf(job: JobAnswer | undefined): Promise<string> {
  return (await jobOf(job?.id)).state;
}

it("a first visitor has a picture after one press, sees it develop, and finds it in the strip", async () => {
  const studio = await startStudio();
  const begin = performance.now();
  const { page, context, complaints } = await visit(browser, studio.url);
  await page.getByRole("button", { name: "a picture of a cat" }).click();
  await page.getByRole("img", { name: "The picture as it develops" }).waitFor();
  const seen = performance.now();
  const picture = page.getByRole("img", { name: "a picture of a cat" });
  await picture.waitFor();
  await page.waitForFunction(() =>
    [...document.images].some(
      (image) => image.alt === "a picture of a cat" && image.complete && image.naturalWidth > 0,
    ),
  );
  console.log(
    `from opening the page: live after ${((seen - begin) / 1000).toFixed(1)} s, first picture after ${((performance.now() - begin) / 1000).toFixed(1)} s`,
  );
  await page
    .getByRole("region", { name: "Results" })
    .getByRole("button", { name: "a picture of a cat" })
    .waitFor();
  expect(complaints).toEqual([]);
  await context.close();
  await endStudio(studio);
});

it("a job is cancelled from the page, and one that waits as well", async () => {
  const { page, context } = await visit(browser, inject("url"));
  const [first, second] = await make(page, "a slow picture", { steps: 400, count: 2 });
  await page.getByRole("img", { name: "The picture as it develops" }).waitFor();
  const queue = page.getByRole("region", { name: "Queue" });
  await queue.locator(`[data-job="${second?.id}"]`).getByRole("button", { name: "Cancel" }).click();
  await eventually(async () => (await stateOf(second)) === "cancelled");
  await queue.locator(`[data-job="${first?.id}"]`).getByRole("button", { name: "Cancel" }).click();
  await eventually(async () => (await stateOf(first)) === "cancelled");
  await queue.locator(`[data-job="${first?.id}"][data-state="cancelled"]`).waitFor();
  await context.close();
});

it("jobs that wait change places by a button and by dragging, here and on the server", async () => {
  const { page, context } = await visit(browser, inject("url"));
  const jobs = await make(page, "one of four", { steps: 300, count: 4 });
  const ids = jobs.map(({ id }) => id);
  await eventually(async () => (await stateOf(jobs[0])) === "running");
  const queue = page.getByRole("region", { name: "Queue" });
  const shown = () =>
    queue
      .locator('[data-job][data-state="queued"]')
      .evaluateAll((items) => items.map((item) => item.getAttribute("data-job")));
  const stored = async () =>
    (await asked<{ jobs: JobAnswer[] }>("jobs?state=queued&order=queue")).jobs.map(({ id }) => id);
  await eventually(async () => (await shown()).length === 3);
  await queue.locator(`[data-job="${ids[3]}"]`).getByRole("button", { name: "Make it the next" }).click();
  const next = [ids[3], ids[1], ids[2]];
  await eventually(async () => String(await shown()) === String(next));
  await expect.poll(() => stored()).toEqual(next);
  await queue.locator(`[data-job="${ids[2]}"]`).dragTo(queue.locator(`[data-job="${ids[3]}"]`));
  const last = [ids[2], ids[3], ids[1]];
  await eventually(async () => String(await shown()) === String(last));
  await expect.poll(() => stored()).toEqual(last);
  await cancelAll();
  await context.close();
});

it("a reload in the middle of a run shows the same run", async () => {
  const { page, context } = await visit(browser, inject("url"));
  const [job] = await make(page, "seen twice", { steps: 400 });
  await page.getByRole("img", { name: "The picture as it develops" }).waitFor();
  await page.reload();
  await page.getByRole("img", { name: "The picture as it develops" }).waitFor();
  await expect.poll(() => page.getByLabel("Prompt", { exact: true }).inputValue()).toBe("seen twice");
  await page
    .getByRole("region", { name: "Queue" })
    .locator(`[data-job="${job?.id}"]`)
    .getByRole("button", { name: "Cancel" })
    .click();
  await eventually(async () => (await stateOf(job)) === "cancelled");
  await context.close();
});

/** Drop a file on the page, as from the desktop. */
async function drop(page: Page, file: string, name: string): Promise<void> {
  await page.getByLabel("Prompt", { exact: true }).waitFor();
  const base64 = readFileSync(file).toString("base64");
  const transfer = await page.evaluateHandle(
    ([content, called]) => {
      const data = new DataTransfer();
      data.items.add(
        new File([Uint8Array.from(atob(content ?? ""), (letter) => letter.charCodeAt(0))], called ?? "", {
          type: "image/png",
        }),
      );
      return data;
    },
    [base64, name],
  );
  const main = page.getByRole("main");
  for (const event of ["dragenter", "dragover", "drop"])
    await main.locator("> *").last().dispatchEvent(event, { dataTransfer: transfer });
}

it("a dropped picture is what the next one starts from", async () => {
  const { page, context } = await visit(browser, inject("url"));
  await drop(page, CAT, "cat.png");
  await page.getByRole("button", { name: "Paint a mask" }).waitFor();
  const [job] = await make(page, "a picture of a panda", { steps: 6 });
  const done = await finished(job);
  expect(done.state).toBe("done");
  expect(nodeOf(done, "LoadImage")?.image).toMatch(/cat/);
  expect(nodeOf(done, "KSampler")?.denoise).toBeLessThan(1);
  await context.close();
});

it("what is painted in the mask is made anew, and the rest stays as it was", async () => {
  const { page, context } = await visit(browser, inject("url"));
  await drop(page, CAT, "cat.png");
  await page.getByRole("button", { name: "Paint a mask" }).click();
  const dialog = page.getByRole("dialog");
  const canvas = dialog.locator("canvas").last();
  await canvas.waitFor();
  await page.waitForTimeout(300); // the picture is fitted into the window
  const box = await canvas.boundingBox();
  if (!box) throw new Error("the canvas is not there");
  const at = (x: number, y: number) => [box.x + box.width / 2 + x, box.y + box.height / 2 + y] as const;
  await page.mouse.move(...at(-60, 60));
  await page.mouse.down();
  for (let step = -60; step <= 60; step += 10) await page.mouse.move(...at(step, 60 + (step % 20)));
  await page.mouse.up();
  await dialog.getByRole("button", { name: "Use this mask" }).click();
  await page.getByRole("img", { name: "The mask" }).waitFor();
  const [job] = await make(page, "a pizza", { steps: 6 });
  const done = await finished(job);
  expect(done.state).toBe("done");
  const made = done.outputs.find(({ asset }) => asset)?.asset;
  const mask = Object.values(done.workflow).find(
    ({ class_type, inputs }) => class_type.startsWith("LoadImage") && /mask/.test(String(inputs.image)),
  )?.inputs.image;
  const start = nodeOf(done, "LoadImage")?.image;
  const url = (name: unknown) => `/view?filename=${encodeURIComponent(String(name))}&type=input`;
  const { inside, outside } = await page.evaluate(
    async ([before, after, where]) => {
      const pixels = async (address: string | undefined) => {
        const image = await createImageBitmap(await (await fetch(address ?? "")).blob());
        const drawn = new OffscreenCanvas(128, 128).getContext("2d");
        drawn?.drawImage(image, 0, 0, 128, 128);
        return drawn?.getImageData(0, 0, 128, 128).data ?? new Uint8ClampedArray();
      };
      const [a, b, m] = await Promise.all([pixels(before), pixels(after), pixels(where)]);
      const sums = { inside: 0, outside: 0 };
      const counts = { inside: 1, outside: 1 };
      for (let i = 0; i < m.length; i += 4) {
        const part = (m[i] ?? 0) > 250 ? "inside" : (m[i] ?? 0) < 5 ? "outside" : null;
        if (!part) continue;
        sums[part] += Math.abs((a[i] ?? 0) - (b[i] ?? 0));
        counts[part] += 1;
      }
      return { inside: sums.inside / counts.inside, outside: sums.outside / counts.outside };
    },
    [url(start), made?.url, url(mask)],
  );
  console.log(
    `mean change per pixel (of 255): ${inside.toFixed(1)} inside the mask, ${outside.toFixed(2)} outside`,
  );
  expect(inside).toBeGreaterThan(5);
  expect(outside).toBeLessThan(2);
  await context.close();
});
