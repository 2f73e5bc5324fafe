import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { asked, cancelAll } from "./asking";
import { expectAccessible, openBrowser, PHONE, visit } from "./browsing";
import { eventually } from "./studio";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface RunAnswer {
  state: string;
  step: number;
  settings: { data: { folder: string; trigger: string }; run: { steps: number } };
}

let browser: Browser;
let folder: string;
beforeAll(async () => {
  browser = await openBrowser();
  folder = mkdtempSync(join(tmpdir(), "zorbs-"));
  execFileSync(join(ROOT, ".venv/bin/python"), ["-m", "tests.training.drawing", folder], { cwd: ROOT });
});
afterAll(async () => {
  await cancelAll();
  await browser.close();
  rmSync(folder, { recursive: true });
});

const zorb = (number: number) => join(folder, `zorb-0${number}.png`);
const runOf = (name: string) => asked<RunAnswer>(`training/runs/${name}`);

it("pictures become a LoRA by the page alone, which stands every reload, and Create has it", async () => {
  const { page, context, complaints } = await visit(browser, inject("url"), { place: "#/training" });
  await page.getByRole("button", { name: "Train something new" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("zorb");
  await page.getByRole("textbox", { name: "Trigger word" }).fill("zorb");
  const [chooser] = await Promise.all([
    page.waitForEvent("filechooser"),
    page.getByRole("button", { name: "Choose pictures…" }).click(),
  ]);
  const captioned = zorb(1).replace(/png$/, "txt"); // a caption comes along with its picture
  await chooser.setFiles([zorb(0), zorb(1), captioned, zorb(2), zorb(3)]);
  await page.getByRole("heading", { name: "4 pictures" }).waitFor();
  await page.getByText("1 with a caption").waitFor();
  expect(await page.getByLabel("Caption of zorb-01.png").inputValue()).toBe(
    "a zorb on a light blue background",
  );

  const caption = page.getByLabel("Caption of zorb-00.png");
  await caption.fill("a zorb on white");
  await caption.blur();
  await page.getByText("2 with a caption").waitFor();
  await page.getByRole("button", { name: "Propose captions" }).click();
  await page.getByRole("button", { name: "Take all 2" }).click();
  await page.getByText("4 with a caption").waitFor();

  await page.getByRole("button", { name: "Take zorb-03.png out" }).click();
  await page.getByRole("heading", { name: "3 pictures" }).waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("heading", { name: "4 pictures" }).waitFor();
  await page.getByText("4 with a caption").waitFor();
  await expectAccessible(page, "preparing");

  await page.reload();
  await page.getByText("4 with a caption").waitFor();
  expect(await page.getByRole("textbox", { name: "Name" }).inputValue()).toBe("zorb");
  await page.getByText("All settings").click();
  const number = (name: string) => page.getByRole("spinbutton", { name, exact: true });
  const samples = page.getByRole("group", { name: "Samples" });
  await samples.getByLabel("Prompts").fill("zorb");
  await samples.getByLabel("Every so many steps").fill("3");
  await number("Steps of the sampler").fill("2");
  await number("Pictures at a time").fill("1");
  await number("Learning rate").fill("9");
  await number("Learning rate").blur();
  await page.getByRole("textbox", { name: "Betas" }).fill("0.9, x");
  await page.getByText("This cannot be read").waitFor();
  await page.getByRole("textbox", { name: "Betas" }).fill("0.9, 0.99");
  await page
    .getByRole("group", { name: "Optimizer" })
    .getByRole("button", { name: "As usual" })
    .first()
    .click();
  await number("Steps").fill("6");
  await expectAccessible(page, "all settings");
  await page.getByRole("button", { name: "Begin", exact: true }).click();

  await page.waitForURL("**/#/training/run/zorb");
  await page
    .getByRole("button", { name: /after step 0/ })
    .first()
    .waitFor({ timeout: 60_000 });
  await page.reload();
  await page.getByRole("status").getByText("Done").waitFor({ timeout: 60_000 });
  await page.getByText("Step 6 of 6").waitFor();
  await page.getByRole("img", { name: "Loss" }).waitFor();
  await page.getByRole("img", { name: "Error by noise level" }).waitFor();
  expect(await page.getByRole("button", { name: /^“zorb” after step/ }).count()).toBe(3);
  expect(await runOf("zorb")).toMatchObject({
    state: "done",
    step: 6,
    settings: { data: { trigger: "zorb" } },
  });
  await page.getByRole("button", { name: "“zorb” after step 6" }).click();
  await page.keyboard.press("ArrowLeft");
  await page.getByRole("dialog").getByRole("heading", { name: "zorb · Step 3" }).waitFor();
  await page.keyboard.press("Escape");
  await expectAccessible(page, "a run");

  await page.getByRole("button", { name: "Compare strengths" }).click();
  await page.waitForURL("**/#/explore");
  await page.getByText(/5 pictures/).waitFor();
  expect(await page.getByLabel("Values, separated by commas").inputValue()).toBe("0, 0.5, 0.8, 1, 1.2");
  await page.goBack();
  await page.getByRole("button", { name: "Use step 6" }).click();
  await page.waitForURL("**/#/");
  await page.locator("summary", { hasText: "LoRAs" }).click();
  await page.getByText("zorb-000006.safetensors", { exact: true }).waitFor();
  await page.goBack();
  await page.getByRole("button", { name: "Use it" }).click();
  await page.waitForURL("**/#/");
  expect(await page.getByLabel("Prompt", { exact: true }).inputValue()).toContain("zorb");
  await page.getByText("zorb.safetensors", { exact: true }).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

it("a run is stopped, goes on, and is removed; on a phone too", async () => {
  await asked("training/runs", {
    name: "long",
    data: { folder: "training/zorb", trigger: "zorb" },
    run: { steps: 4000, batch: 1 },
    samples: { every: 0 },
  });
  const { page, context, complaints } = await visit(browser, inject("url"), {
    place: "#/training/run/long",
    size: PHONE,
  });
  await page.getByRole("button", { name: "Begin" }).click();
  await page.getByText(/of 4,000 · .* left · loss .* of memory left/).waitFor({ timeout: 60_000 });
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await page.getByText("It goes on where it was").waitFor();
  const { step } = await runOf("long");
  expect(step).toBeGreaterThan(0);
  await page.getByRole("button", { name: "Go on" }).click();
  await eventually(async () => (await runOf("long")).step > step);
  await page.getByRole("button", { name: "Back" }).click();
  await page.getByRole("link", { name: /^long/ }).getByText("Training", { exact: true }).waitFor();
  await expectAccessible(page, "the list");
  await expect
    .poll(() => page.evaluate(() => document.documentElement.scrollWidth))
    .toBeLessThanOrEqual(PHONE.width);
  await page.getByRole("link", { name: /^long/ }).click();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await page.getByRole("button", { name: "Remove the run" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove the run" }).click();
  await page.getByText("long is removed.").waitFor();
  await expect.poll(() => page.getByRole("link", { name: /^long/ }).count()).toBe(0);
  expect(complaints).toEqual([]);
  await context.close();
});

it("what is wrong with a picture or a setting is said where it is", async () => {
  const { page, context } = await visit(browser, inject("url"), { place: "#/training/new" });
  const [chooser] = await Promise.all([
    page.waitForEvent("filechooser"),
    page.getByRole("button", { name: "Choose pictures…" }).click(),
  ]);
  const broken = { name: "broken.png", mimeType: "image/png", buffer: Buffer.from("no picture") };
  await chooser.setFiles([broken, { ...broken, name: "lost.txt" }]);
  await page.getByRole("alert").getByText("broken.png").waitFor();
  await page.getByRole("alert").getByText("There is no picture of this name.").waitFor();
  await page.getByRole("button", { name: /Take pictures that are there already/ }).click();
  await page.getByRole("option", { name: /^training\/zorb/ }).click();
  await page.getByRole("heading", { name: "4 pictures" }).waitFor();
  await page.getByRole("textbox", { name: "Name" }).fill("a/b");
  await page.getByRole("button", { name: "Begin", exact: true }).click();
  await page.getByText("has other signs than letters").first().waitFor();
  expect(await page.getByRole("textbox", { name: "Name" }).getAttribute("aria-invalid")).toBe("true");
  await page.getByRole("textbox", { name: "Name" }).fill("zorb");
  await page.getByRole("button", { name: "Begin", exact: true }).click();
  await page.getByText("There is a run called zorb.").waitFor();
  await context.close();
});
