import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { asked, type JobAnswer, nodeOf } from "./asking";
import { openBrowser, visit } from "./browsing";
import { eventually } from "./studio";

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

it("a grid of three by three fills in, is labelled, survives a reload, and opens big", async () => {
  const { page, context, complaints } = await visit(browser, inject("url"), { place: "#/explore" });
  const presets = page.getByRole("region", { name: "Try this" });
  if (!(await presets.isVisible())) {
    const words = page.getByLabel("What the pictures should show");
    await presets.or(words).first().waitFor();
    if (await words.isVisible()) {
      await words.fill("a picture of a cat");
      await page.getByRole("button", { name: "Use these words" }).click();
    }
  }
  await presets.getByRole("button", { name: "Steps × CFG" }).click();
  const values = page.getByLabel("Values, separated by commas");
  await values.nth(0).fill("2, 3, 4");
  await values.nth(1).fill("1, 4, 8");
  await page.getByText("9 pictures").first().waitFor();
  const sent = page.waitForResponse(
    (response) => response.url().endsWith("/api/v1/jobs") && response.request().method() === "POST",
  );
  await page.getByRole("button", { name: "Make the grid" }).click();
  const { jobs, batch } = (await (await sent).json()) as { jobs: JobAnswer[]; batch: string };
  expect(jobs).toHaveLength(9);
  await eventually(async () => (await page.locator('[data-state="done"] img').count()) === 9, 80_000);
  for (const name of ["2", "3", "4"]) await page.getByRole("columnheader", { name, exact: true }).waitFor();
  for (const name of ["1", "4", "8"]) await page.getByRole("rowheader", { name, exact: true }).waitFor();
  const stored = await asked<{ jobs: JobAnswer[] }>(`jobs?batch=${batch}&limit=20`);
  const pairs = await Promise.all(
    stored.jobs.map(async ({ id }) => {
      const inputs = nodeOf(await asked<JobAnswer>(`jobs/${id}`), "KSampler");
      return `${inputs?.steps}/${inputs?.cfg}`;
    }),
  );
  expect(pairs.sort()).toEqual(["2/1", "2/4", "2/8", "3/1", "3/4", "3/8", "4/1", "4/4", "4/8"]);
  await page.reload();
  await eventually(async () => (await page.locator('[data-state="done"] img').count()) === 9);
  await page.locator('[data-cell="1,1"]').click();
  await page.getByRole("dialog").getByRole("img").first().waitFor();
  await page.keyboard.press("Escape");
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as one picture" }).click();
  expect((await download).suggestedFilename()).toMatch(/\.png$/);
  expect(complaints).toEqual([]);
  await context.close();
});
