import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { JobAnswer } from "./asking";
import { openBrowser, visit } from "./browsing";
import { command, endStudio, eventually, newHome, startStudio } from "./studio";

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

it("a server that is killed in the middle of a run and started again finishes it, and the page goes on", async () => {
  let studio = await startStudio();
  const { page, context } = await visit(browser, studio.url);
  await page.getByLabel("Prompt", { exact: true }).fill("over the restart");
  await page.getByText("Steps and sampler").click();
  await page.getByRole("spinbutton", { name: "Steps" }).fill("150");
  const answer = page.waitForResponse((response) => response.url().endsWith("/api/v1/images"));
  await page.getByRole("button", { name: /^Make/ }).first().click();
  const { jobs } = (await (await answer).json()) as { jobs: JobAnswer[] };
  await page.getByRole("img", { name: "The picture as it develops" }).waitFor();
  await endStudio(studio, "SIGKILL", true);
  await page.getByText("The connection to the server is lost").waitFor();
  await page.getByLabel("Prompt", { exact: true }).fill("typed while nobody was there");
  studio = await startStudio({ home: studio.home, port: Number(new URL(studio.url).port) });
  await page.getByText("The connection to the server is lost").waitFor({ state: "detached" });
  const state = async () =>
    ((await (await fetch(`${studio.url}/api/v1/jobs/${jobs[0]?.id}`)).json()) as JobAnswer).state;
  await eventually(async () => (await state()) === "done", 150_000);
  await page
    .getByRole("region", { name: "Results" })
    .getByRole("button", { name: "over the restart" })
    .waitFor();
  await expect
    .poll(() => page.getByLabel("Prompt", { exact: true }).inputValue())
    .toBe("typed while nobody was there");
  const { total } = (await (await fetch(`${studio.url}/api/v1/assets?folder=output`)).json()) as {
    total: number;
  };
  expect(total).toBe(1);
  await context.close();
  await endStudio(studio);
}, 300_000);

it("where people must sign in, a stranger sees nothing else, a wrong password is told, and the right one opens", async () => {
  const home = newHome();
  await command(home, ["users", "add", "ada", "--admin"], "a long enough password\na long enough password\n");
  const studio = await startStudio({ home });
  const { page, context } = await visit(browser, studio.url, { place: "#/gallery" });
  await page.getByRole("heading", { name: "Sign in to Safelight" }).waitFor();
  await expect.poll(() => page.getByRole("navigation").count()).toBe(0);
  await page.getByLabel("Name").fill("ada");
  await page.getByLabel("Password").fill("not that one");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  await page.getByLabel("Password").fill("a long enough password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation").waitFor();
  await page.reload();
  await page.getByRole("navigation").waitFor();
  await context.close();
  const next = await visit(browser, studio.url);
  await next.page.getByLabel("Name").fill("ada");
  await next.page.getByLabel("Password").fill("a long enough password");
  await next.page.getByRole("button", { name: "Sign in" }).click();
  await next.page.getByRole("navigation").waitFor();
  await next.context.close();
  await endStudio(studio);
});
