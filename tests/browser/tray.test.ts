import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { made } from "./asking";
import { expectAccessible, openBrowser, PHONE, visit } from "./browsing";
import { eventually } from "./studio";

let browser: Browser;
let asset: string;
beforeAll(async () => {
  browser = await openBrowser();
  const [job] = await made("a cat on a (blue:1.2) background", { seed: 3, steps: 6 });
  asset = job?.outputs.find((output) => output.asset)?.asset?.id ?? "";
});
afterAll(() => browser.close());

/** What a canvas shows, as text. */
const drawn = (page: Page, name: string | RegExp) =>
  page
    .getByRole("img", { name })
    .first()
    .evaluate((canvas) => (canvas instanceof HTMLCanvasElement ? canvas.toDataURL() : ""));

const tab = (page: Page, name: string) => page.getByRole("tab", { name }).click();

/** How far down the screen something begins. */
const placeOf = async (element: Locator) => (await element.boundingBox())?.y;

/** The frames of the film that is shown. */
const frames = (page: Page) =>
  page
    .getByRole("img", { name: /^Between two/ })
    .locator("img")
    .evaluateAll((images) => images.map((image) => image.getAttribute("src")));

it("from the gallery one sees which word made what, how the picture grew, and its plan", async () => {
  const { page, context, complaints } = await visit(browser, inject("url"), { place: "#/gallery" });
  await page.getByRole("option", { name: "a cat on a (blue:1.2) background" }).first().click();
  await page.getByRole("button", { name: "How it came about" }).click();
  await page.waitForURL("**/#/tray/*");

  await page.getByRole("img", { name: "Where the picture looked at “cat”" }).waitFor();
  const cat = await drawn(page, /Where the picture looked/);
  await page.getByRole("button", { name: /^blue\s*×1.2$/ }).click();
  await page.getByRole("img", { name: "Where the picture looked at “blue”" }).waitFor();
  const blue = await drawn(page, /Where the picture looked/);
  expect(blue).not.toBe(cat);
  await page.getByLabel("Beside the other words").click();
  await eventually(async () => (await drawn(page, /Where the picture looked/)) !== blue);
  await page.getByText("Of all words, the share").waitFor();
  await page.getByLabel("Beside the other words").click();
  await page.getByLabel("One step alone").click();
  await eventually(async () => (await drawn(page, /Where the picture looked/)) !== blue);
  await expectAccessible(page, "words");

  await tab(page, "The steps");
  const last = await drawn(page, "What it guesses, step 6");
  await page.getByRole("slider", { name: "Step 6 of 6" }).press("Home");
  await page.getByText("Noise: sigma 14.6").waitFor();
  await expect.poll(() => drawn(page, "What it guesses, step 1")).not.toBe(last);
  await page.getByRole("button", { name: "Save as a film" }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: "What it guesses" }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/\.webp$/);
  await expectAccessible(page, "steps");

  await tab(page, "The plan");
  await page.getByRole("img", { name: "The noise over the steps" }).waitFor();
  await page.getByText("The model was asked 6 times in 6 steps.").waitFor();
  await page.getByRole("button", { name: "Show other schedulers" }).click();
  await page.getByRole("button", { name: "karras", pressed: true }).waitFor({ timeout: 60_000 });
  await expectAccessible(page, "plan");

  await tab(page, "Latent space");
  await page.getByRole("img", { name: "Channel 4" }).waitFor();
  await page.getByRole("button", { name: "What is latent space?" }).click();
  await page.getByRole("dialog").getByRole("heading", { name: "What it does" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });

  await tab(page, "The checkpoint");
  await page.getByRole("button", { name: /^denoiser / }).click();
  await page.getByRole("navigation", { name: "Where you are in the file" }).getByText("denoiser").waitFor();
  await expectAccessible(page, "checkpoint");
  await page.keyboard.press("Escape");
  await page.waitForURL("**/#/gallery/**");
  expect(complaints).toEqual([]);
  await context.close();
});

it("a word is given another weight, and both pictures stand beside one another", async () => {
  const { page, context } = await visit(browser, inject("url"), { place: `#/tray/${asset}`, size: PHONE });
  await page.getByRole("button", { name: "cat", exact: true }).click();
  await page.getByRole("spinbutton", { name: "Weight of “cat”" }).fill("0.3");
  await page.getByRole("button", { name: "Make it again" }).click();
  await page.getByRole("img", { name: "a (cat:0.3) on a (blue:1.2) background" }).waitFor();
  await expect
    .poll(() => page.evaluate(() => document.documentElement.scrollWidth))
    .toBeLessThanOrEqual(PHONE.width);
  await page.getByRole("link", { name: "Look into the new one" }).click();
  await page.getByRole("button", { name: /^cat\s*×0.3$/ }).waitFor();
  await context.close();
});

it("a run that was not recorded is run again, with somebody listening", async () => {
  const [job] = await made("a large cat", { seed: 4, steps: 2, width: 320, height: 256 });
  const id = job?.outputs.find((output) => output.asset)?.asset?.id;
  const { page, context } = await visit(browser, inject("url"), { place: `#/tray/${id}` });
  await tab(page, "Latent space");
  await page.getByText("Record the run, for example").waitFor();
  await page.getByRole("button", { name: "Send it there and back" }).waitFor();
  await tab(page, "Words");
  await page.getByRole("button", { name: "Record it" }).click();
  await page.getByRole("img", { name: "Where the picture looked at “large”" }).waitFor();
  await context.close();
});

it("a picture goes through the VAE and back, and on to another picture and another prompt", async () => {
  await made("a rocket on a red background", { seed: 5, steps: 2 });
  const { page, context, complaints } = await visit(browser, inject("url"), { place: `#/tray/${asset}` });
  await tab(page, "Latent space");
  await page.getByRole("button", { name: "Send it there and back" }).click();
  const below = page.getByRole("region", { name: "Between two", exact: true });
  const begun = await placeOf(below);
  const back = page.getByRole("img", { name: "What came back" });
  await back.waitFor();
  expect(await placeOf(below)).toBe(begun); // its room was kept
  await page.getByText("49,152 numbers became 1,024: 48 times fewer, and 24 times fewer bits.").waitFor();
  const first = await back.getAttribute("src");
  await page
    .getByRole("group", { name: "Which picture" })
    .getByRole("button", { name: "a rocket on a red background" })
    .first()
    .click();
  await eventually(async () => (await back.getAttribute("src")) !== first);

  const others = page.getByRole("group", { name: "The other picture" });
  await others.getByRole("button", { name: "a rocket on a red background" }).first().click();
  await page.getByRole("slider", { name: "Frame 1 of 9" }).press("End");
  await page.getByRole("img", { name: "Between two, Frame 9 of 9" }).waitFor();
  const arc = await frames(page);
  await page.getByLabel("Way").selectOption("linear");
  await eventually(async () => `${await frames(page)}` !== `${arc}`);
  await page.getByRole("button", { name: "Play" }).click();
  await page.getByRole("button", { name: "Pause" }).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save as a film" }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^between_.*\.webp$/);

  await page.getByRole("button", { name: "Two prompts" }).click();
  await page.getByRole("textbox", { name: "The other prompt" }).fill("a rocket");
  await page.getByLabel("Frames").selectOption("3");
  await page.getByRole("button", { name: "Make the frames" }).click();
  await page.getByRole("slider", { name: "Frame 1 of 3" }).waitFor();
  expect(new Set(await frames(page)).size).toBe(3);
  await expectAccessible(page, "latent space");
  expect(complaints).toEqual([]);
  await context.close();
});

it("one sees what training sees, and what a false word does to it", async () => {
  const { page, context, complaints } = await visit(browser, inject("url"), { place: `#/tray/${asset}` });
  await tab(page, "The forward process");
  await page.getByLabel("Levels").selectOption("4");
  await page.getByRole("button", { name: "Show it", exact: true }).click();
  await page.getByRole("slider", { name: "Level 2 of 4" }).press("End");
  await page.getByRole("img", { name: "Its guess of the picture, 100% of the way" }).waitFor();
  await page.getByText("sigma 14.6").waitFor();
  await page.getByRole("textbox", { name: "What the model is told of the picture" }).fill("a pizza");
  await page.getByRole("button", { name: "Show it again" }).click();
  await page.getByText("Guess, the time before").first().waitFor();
  await expectAccessible(page, "forward process");
  expect(complaints).toEqual([]);
  await context.close();
});

it("what the pointer is over stays in its place, whatever comes above it", async () => {
  const { page, context } = await visit(browser, inject("url"), { place: `#/tray/${asset}` });
  await tab(page, "The checkpoint");
  const compare = page.getByRole("button", { name: "Compare them" });
  const below = page.getByRole("button", { name: "Make it again" }).first();
  await page.getByRole("button", { name: /^denoiser / }).waitFor(); // until then all is on its way
  await below.hover();
  const before = (await placeOf(below)) ?? 0;
  await compare.evaluate((button: HTMLButtonElement) => button.click());
  await page.getByText(/^How far “/).waitFor();
  await eventually(async () => Math.abs(((await placeOf(below)) ?? 0) - before) < 2);
  await context.close();
});

it("a picture that nothing sampled is looked at all the same, without what a sampler did", async () => {
  const { page, context, complaints } = await visit(browser, inject("url"), { place: "#/", size: PHONE });
  const id = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(100, 60);
    canvas.getContext("2d")?.fillRect(20, 10, 30, 30);
    const form = new FormData();
    form.set("file", await canvas.convertToBlob(), "square.png");
    const answer = await fetch("/api/v1/assets", { method: "POST", body: form });
    return ((await answer.json()) as { id: string }).id;
  });
  await page.goto(`${inject("url")}/#/tray/${id}`);
  await page.getByText("No sampler is behind this picture").waitFor();
  await expect
    .poll(() => page.getByRole("tab").allTextContents())
    .toEqual(["The forward process", "Latent space"]);
  await page.getByLabel("Levels").selectOption("4");
  await page.getByRole("button", { name: "Show it", exact: true }).click();
  await page.getByRole("slider", { name: "Level 2 of 4" }).waitFor();
  await tab(page, "Latent space");
  await page.getByRole("button", { name: "Send it there and back" }).click();
  await page.getByRole("img", { name: "What came back" }).waitFor();
  await expect
    .poll(() => page.evaluate(() => document.documentElement.scrollWidth))
    .toBeLessThanOrEqual(PHONE.width);
  await expectAccessible(page, "without a sampler");
  expect(complaints).toEqual([]);
  await context.close();
});
