import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { asked, lookedAt, made } from "./asking";
import { openBrowser, visit } from "./browsing";
import { command, eventually } from "./studio";

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
  await made("a green frog in the gallery", { seed: 1 });
  await made("a red apple in the gallery", { seed: 2 });
});
afterAll(() => browser.close());

it("pictures are found by words of their prompt, and the address keeps the filter", async () => {
  const { page, context } = await visit(browser, inject("url"), { place: "#/gallery" });
  const grid = page.getByRole("listbox", { name: "Pictures" });
  await grid.getByRole("option", { name: "a red apple in the gallery" }).first().waitFor();
  await page.getByRole("searchbox", { name: "Search the prompts" }).fill("frog");
  await eventually(async () => (await grid.getByRole("option", { name: "apple" }).count()) === 0);
  await grid.getByRole("option", { name: "a green frog in the gallery" }).first().waitFor();
  await page.reload();
  await grid.getByRole("option", { name: "a green frog in the gallery" }).first().waitFor();
  await expect.poll(() => grid.getByRole("option", { name: "apple" }).count()).toBe(0);
  await context.close();
});

it("pictures are found by what they show, and more like one of them", async () => {
  await lookedAt();
  const { page, context } = await visit(browser, inject("url"), { place: "#/gallery" });
  const grid = page.getByRole("listbox", { name: "Pictures" });
  await page.getByRole("button", { name: "Pictures", exact: true }).click();
  await page.getByRole("searchbox", { name: "Describe what is to be seen" }).fill("a red apple");
  const apple = grid.getByRole("option", { name: "a red apple in the gallery" }).first();
  await apple.waitFor();
  await grid.getByRole("option", { name: "a green frog in the gallery" }).first().waitFor();
  await page.getByText("the most alike first").waitFor();
  await apple.click({ button: "right" });
  await page.getByRole("menuitem", { name: "More like this" }).click();
  await page.getByRole("button", { name: "No longer: like one of your pictures" }).waitFor();
  const first = grid.getByRole("option").first();
  await eventually(async () => (await first.getAttribute("aria-label")) === "a red apple in the gallery");
  await context.close();
});

it("two pictures are compared with a slider, and why they differ is told with the likeliest first", async () => {
  const { page, context } = await visit(browser, inject("url"), { place: "#/gallery" });
  const grid = page.getByRole("listbox", { name: "Pictures" });
  for (const name of ["a red apple in the gallery", "a green frog in the gallery"]) {
    await grid
      .getByRole("option", { name })
      .first()
      .click({ modifiers: ["Control"] });
  }
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  const slider = page.getByRole("slider", { name: "How much of A is shown" });
  await slider.waitFor();
  await slider.focus();
  const before = await slider.inputValue();
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => slider.inputValue()).not.toBe(before);
  const differences = page.getByRole("complementary", { name: "Differences" });
  const much = differences.getByRole("region", { name: "Makes another picture" });
  await much.waitFor();
  await expect
    .poll(() => much.getByRole("heading", { level: 4 }).allTextContents())
    .toEqual(["Seed", "Prompt"]);
  await much.getByText("green frog", { exact: true }).waitFor();
  await much.getByText("red apple", { exact: true }).waitFor();
  const where = differences.getByRole("img", { name: "Where they differ" });
  await eventually(async () => (await where.evaluate((img: HTMLImageElement) => img.naturalWidth)) > 0);
  await context.close();
});

it("a picture tells what it was made from and what was made from it", async () => {
  const [before] = await made("a hill to start from", { seed: 4 });
  const start = before?.outputs.find((output) => output.asset)?.asset?.id;
  await made("a hill that was changed", { seed: 4, init_image: start, denoise: 0.5 });
  const { page, context } = await visit(browser, inject("url"), { place: `#/gallery/show=${start}` });
  const changed = page
    .getByRole("region", { name: "Used for" })
    .getByRole("button", { name: "that was changed" });
  await changed.click();
  await page.getByRole("dialog", { name: "a hill that was changed" }).waitFor();
  await page
    .getByRole("region", { name: "Made from" })
    .getByRole("button", { name: "to start from" })
    .waitFor();
  await context.close();
});

it("a picture of a command comes into the gallery by itself, and is used as any other", async () => {
  const { page, context, complaints } = await visit(browser, inject("url"), { place: "#/gallery" });
  const grid = page.getByRole("listbox", { name: "Pictures" });
  await grid.getByRole("option").first().waitFor();
  await command(inject("home"), ["generate", "a panda of a command", "--steps", "2", "--seed", "5"]);
  await eventually(async () => {
    const { total } = await asked<{ total: number }>("assets?prompt=of%20a%20command");
    return total === 1;
  });
  await page.evaluate(() => dispatchEvent(new Event("focus"))); // as when one comes back from the terminal
  await grid.getByRole("option", { name: "a panda of a command" }).click();
  const recipe = page.getByRole("complementary", { name: "Recipe" });
  await recipe.getByText("starter-128.safetensors").first().waitFor();
  await page.keyboard.press("f");
  await page.getByRole("button", { name: "Use these settings" }).click();
  await page.getByRole("textbox", { name: "Prompt", exact: true }).waitFor();
  expect(await page.getByRole("textbox", { name: "Prompt", exact: true }).inputValue()).toBe(
    "a panda of a command",
  );
  const { assets } = await asked<{ assets: { prompt: string }[] }>("assets?favourite=true");
  expect(assets.map(({ prompt }) => prompt)).toContain("a panda of a command");
  expect(complaints).toEqual([]);
  await context.close();
});

it("a deleted picture comes back by Undo", async () => {
  const [job] = await made("a picture to delete", { seed: 3 });
  const asset = job?.outputs.find((output) => output.asset)?.asset?.id;
  const { page, context } = await visit(browser, inject("url"), { place: "#/gallery" });
  const tile = page.getByRole("option", { name: "a picture to delete" }).first();
  await tile.click({ modifiers: ["Control"] });
  await page.keyboard.press("Delete");
  await tile.waitFor({ state: "detached" });
  await eventually(async () => (await asked<{ deleted: number | null }>(`assets/${asset}`)).deleted !== null);
  await page.getByRole("button", { name: "Undo" }).click();
  await tile.waitFor();
  await eventually(async () => (await asked<{ deleted: number | null }>(`assets/${asset}`)).deleted === null);
  await context.close();
});

it("the settings of a picture go into the form, and its workflow into the graph", async () => {
  const { page, context } = await visit(browser, inject("url"), { place: "#/gallery" });
  await page.getByRole("option", { name: "a red apple in the gallery" }).first().click();
  await page.getByRole("button", { name: "Use these settings" }).click();
  await page.waitForURL("**/#/");
  const prompt = page.getByLabel("Prompt", { exact: true });
  await eventually(async () => (await prompt.inputValue()) === "a red apple in the gallery");
  await page.goBack();
  await page.getByRole("button", { name: "Open as graph" }).click();
  await page.waitForURL("**/#/graph");
  await page.locator(".react-flow__node").first().waitFor();
  await context.close();
});

it("the grid of ten thousand pictures draws only what is seen", async () => {
  const { page, context } = await visit(browser, "about:blank", { place: "" });
  await page.route("**/api/v1/assets?*", async (route) => {
    const query = new URL(route.request().url()).searchParams;
    const [offset, limit] = [Number(query.get("offset") ?? 0), Number(query.get("limit") ?? 50)];
    const answer = await route.fetch({ url: `${inject("url")}/api/v1/assets?folder=output&limit=1` });
    const { assets } = (await answer.json()) as { assets: Record<string, unknown>[] };
    const some = Array.from({ length: Math.max(0, Math.min(limit, 10_000 - offset)) }, (_, at) => ({
      ...assets[0],
      id: `${offset + at}`.padStart(32, "0"),
      prompt: `picture ${offset + at}`,
    }));
    await route.fulfill({ json: { assets: some, total: 10_000 } });
  });
  await page.goto(`${inject("url")}/#/gallery`);
  await page.getByRole("option", { name: "picture 0" }).first().waitFor();
  const grid = page.getByRole("listbox", { name: "Pictures" });
  await expect.poll(() => page.getByRole("option").count()).toBeLessThan(300);
  await grid.focus();
  await page.keyboard.press("End");
  await page.getByRole("option", { name: "picture 9999" }).waitFor();
  await expect.poll(() => page.getByRole("option").count()).toBeLessThan(300);
  await context.close();
});
