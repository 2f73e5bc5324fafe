import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { expectAccessible, openBrowser, PHONE, visit } from "./browsing";

const MOST = 400_000; // bytes of compressed script that Create may need at first

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

const VIEWS = ["", "graph", "explore", "gallery", "models", "training", "settings"];

it.each(["dark", "light"])(
  "in %s no view has a serious finding of axe or breaks a rule of the server's",
  async (theme) => {
    const { page, context, complaints } = await visit(browser, inject("url"), { theme });
    for (const place of VIEWS) {
      await page.goto(`${inject("url")}/#/${place}`);
      await page.waitForLoadState("networkidle");
      await expectAccessible(page, `/${place}`);
    }
    expect(complaints).toEqual([]);
    await context.close();
  },
);

it.each(["dark", "light"])("in %s a graph and its search have no serious finding of axe", async (theme) => {
  const { page, context } = await visit(browser, inject("url"), { theme, place: "#/graph" });
  await page.getByRole("button", { name: "Text to image" }).click();
  await page.locator(".react-flow__node").nth(5).waitFor();
  await expectAccessible(page, "graph");
  await page.keyboard.press("Control+Space");
  await page.getByRole("combobox").first().waitFor();
  await expectAccessible(page, "search");
  await context.close();
});

it.each(["", "gallery", "training", "training/new", "queue"])("the view /%s fits a phone", async (place) => {
  const { page, context } = await visit(browser, inject("url"), { size: PHONE, place: `#/${place}` });
  await page.waitForLoadState("networkidle");
  await expect
    .poll(() => page.evaluate(() => document.documentElement.scrollWidth))
    .toBeLessThanOrEqual(PHONE.width);
  await expectAccessible(page, `/${place}`);
  await context.close();
});

it("the first load needs less script than it may, and each further view brings its own", async () => {
  const bytes = new Map<string, number>();
  for (const view of VIEWS) {
    const context = await browser.newContext();
    const page = await context.newPage();
    page.on("response", async (response) => {
      if (!/\.js$/.test(new URL(response.url()).pathname)) return;
      const headers = await response.allHeaders();
      expect(headers["content-encoding"], response.url()).toMatch(/gzip|br/);
      bytes.set(view, (bytes.get(view) ?? 0) + Number(headers["content-length"]));
    });
    await page.goto(`${inject("url")}/#/${view}`, { waitUntil: "networkidle" });
    await context.close();
  }
  const told = [...bytes].map(([view, sum]) => `${view || "create"} ${Math.round(sum / 1000)}`);
  console.log(`compressed script of a first load, in kB: ${told.join(", ")}`);
  expect(bytes.get("")).toBeGreaterThan(50_000);
  expect(bytes.get("")).toBeLessThan(MOST);
});

it("views are reached by keys and remembered by the address", async () => {
  const { page, context } = await visit(browser, inject("url"));
  await page.getByRole("navigation").waitFor();
  await page.keyboard.press("Alt+4");
  await page.waitForURL("**/#/gallery");
  await page.keyboard.press("Alt+1");
  await page.waitForURL("**/#/");
  await context.close();
});
