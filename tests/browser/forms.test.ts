import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { asked, finished, jobOf, nodeOf } from "./asking";
import { expectAccessible, openBrowser, PHONE, visit } from "./browsing";
import { dropDocument, nodeTitled, type Saved, sent, shown, textToImage } from "./editing";
import { eventually } from "./studio";

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

it("chosen widgets are a form with a link; filled in, it makes a picture, and the workflow stays as it was", async () => {
  const { page, context } = await visit(browser, inject("url"), { place: "#/graph" });
  await dropDocument(page, textToImage(), "simple.json");
  const prompt = nodeTitled(page, "Prompt");
  await prompt.getByText("Prompt", { exact: true }).click();
  await page
    .getByRole("toolbar", { name: "Tools" })
    .getByRole("button", { name: "Form", exact: true })
    .click();
  const panel = page.getByRole("complementary").filter({ hasText: "Choose which settings the form shows" });
  await panel.getByRole("switch", { name: "text" }).click();
  await nodeTitled(page, "Sampler").getByRole("spinbutton", { name: "steps" }).click({ button: "right" });
  await page.getByRole("menuitemcheckbox", { name: "Show in the form" }).click();
  await panel.getByRole("textbox", { name: "Name of the field steps" }).fill("How long");
  await panel.getByRole("button", { name: "Save as…" }).click();
  await page.getByRole("textbox", { name: "Name of the workflow" }).fill("Simple pictures");
  await page.keyboard.press("Enter");
  const link = await panel.getByRole("textbox", { name: "Link to the form" }).inputValue();
  const id = link.split("/").at(-1);
  await panel.getByRole("button", { name: "Open as form" }).click();
  await page.getByRole("heading", { name: "Simple pictures" }).waitFor();
  const before = await asked<Saved>(`workflows/${id}/document`);
  await context.close();

  const visitor = await visit(browser, inject("url"), { size: PHONE, place: link.slice(link.indexOf("#")) });
  const form = visitor.page;
  await form.getByRole("heading", { name: "Simple pictures" }).waitFor();
  await expectAccessible(form, "the form");
  await expect.poll(() => form.getByRole("spinbutton").count()).toBe(1);
  await form.getByRole("textbox", { name: "Prompt" }).fill("a picture of a horse");
  const steps = form.getByRole("spinbutton", { name: "How long" });
  await expect.poll(() => steps.inputValue()).toBe("2");
  await steps.fill("3");
  const job = await sent(form, () => form.getByRole("button", { name: "Make", exact: true }).click());
  const done = await finished(job);
  const { workflow } = await jobOf(job.id);
  expect(Object.values(workflow).map(({ inputs }) => inputs.text ?? null)).toContain("a picture of a horse");
  expect(nodeOf(done, "KSampler")?.steps).toBe(3);
  const picture = form.getByRole("region", { name: "Result" }).getByRole("img", { name: /horse/ }).first();
  await shown(picture);
  expect(await asked<Saved>(`workflows/${id}/document`)).toEqual(before);

  await form.reload();
  await eventually(
    async () => (await form.getByRole("textbox", { name: "Prompt" }).inputValue()) === "a picture of a horse",
  );
  await shown(picture);
  expect(visitor.complaints).toEqual([]);
  await visitor.context.close();
});
