/** A real Chromium for the tests. */

import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterEach, expect } from "vitest";
import { started } from "./studio";

const AXE = fileURLToPath(new URL("../../web/node_modules/axe-core/axe.min.js", import.meta.url));
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

export const DESK = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
}

interface Visited {
  page: Page;
  complaints: readonly string[];
}

const visited: Visited[] = [];

/** What the pages showed when a test failed, and what the servers wrote. */
afterEach(async ({ task }) => {
  if (task.result?.state !== "fail") return;
  for (const { page, complaints } of visited.filter(({ page }) => !page.isClosed())) {
    const picture = join(tmpdir(), `safelight-failed-${Date.now()}.png`);
    await page.screenshot({ path: picture });
    const shown = await page.locator("body").ariaSnapshot();
    console.error([page.url(), picture, ...complaints, shown].join("\n"));
  }
  for (const { url, log } of started) console.error([url, ...log].join("\n"));
});

/** A visitor with an empty memory; what the page complains of is collected in `complaints`. */
export async function visit(
  browser: Browser,
  url: string,
  {
    size = DESK,
    theme = "dark",
    language = "en",
    place = "#/",
  }: { size?: typeof DESK; theme?: string; language?: string; place?: string } = {},
): Promise<{ page: Page; context: BrowserContext; complaints: string[] }> {
  const context = await browser.newContext({
    viewport: size,
    hasTouch: size === PHONE,
    acceptDownloads: true,
  });
  await context.addInitScript(
    ([kept, tongue]) => {
      localStorage.getItem("safelight.theme") ?? localStorage.setItem("safelight.theme", kept ?? "");
      localStorage.getItem("safelight.language") ?? localStorage.setItem("safelight.language", tongue ?? "");
    },
    [theme, language],
  );
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  visited.push({ page, complaints });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(`${url}/${place}`);
  return { page, context, complaints };
}

interface Finding {
  id: string;
  impact: string | null;
  nodes: { target: string[]; failureSummary: string }[];
}

/** See that axe has no serious finding on the page as it is. */
export async function expectAccessible(page: Page, place = ""): Promise<void> {
  // evaluated, not added as an element: the page allows no scripts but its own
  await page.evaluate(readFileSync(AXE, "utf-8"));
  const findings = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Finding[] }> } };
    return (await axe.run()).violations;
  });
  const serious = findings.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = serious.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`,
  );
  expect(told, place).toEqual([]);
}
