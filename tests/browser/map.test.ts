import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { lookedAt, made } from "./asking";
import { expectAccessible, openBrowser, PHONE, visit } from "./browsing";
import { eventually } from "./studio";

const PLACE = "#/gallery/words=wandering";
const COLOURS = ["black", "blue", "red", "white", "pink"];

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
  for (const [seed, colour] of COLOURS.entries())
    await made(`a wandering cat on a ${colour} background`, { seed });
  await lookedAt();
});
afterAll(() => browser.close());

const plane = (page: Page) => page.getByRole("application", { name: "Pictures as a map" });
const drawn = (page: Page) =>
  plane(page)
    .locator("canvas")
    .evaluate((canvas) => (canvas instanceof HTMLCanvasElement ? canvas.toDataURL() : ""));
const caption = (page: Page) => page.getByText(/^a wandering cat on a \w+ background$/);

/** Wait until all is drawn that is seen. */
async function settled(page: Page): Promise<string> {
  let before = "";
  await eventually(async () => {
    const now = await drawn(page);
    const isSame = now === before;
    before = now;
    await page.waitForTimeout(250);
    return isSame;
  });
  return before;
}

it("pictures lie on a map that one wanders through by keys and by dragging", async () => {
  const { page, context, complaints } = await visit(browser, inject("url"), { place: PLACE });
  await page.getByRole("button", { name: "As a map" }).click();
  await plane(page).waitFor();
  const all = await settled(page);
  await expectAccessible(page, "map");

  await plane(page).press("ArrowRight");
  await caption(page).waitFor();
  const seen = new Set<string>();
  for (const key of ["Right", "Right", "Right", "Right", "Left", "Left", "Left", "Left", "Up", "Down"]) {
    seen.add((await caption(page).textContent()) ?? "");
    await plane(page).press(`Arrow${key}`);
  }
  expect(seen.size).toBeGreaterThan(2);
  await plane(page).press("+");
  const nearer = await settled(page);
  expect(nearer).not.toBe(all);
  const box = await plane(page).boundingBox();
  if (!box) throw new Error("the map is not there");
  await page.mouse.move(box.x + 300, box.y + 300);
  await page.mouse.down();
  await page.mouse.move(box.x + 420, box.y + 340, { steps: 4 });
  await page.mouse.up();
  expect(await settled(page)).not.toBe(nearer);
  expect(page.url()).not.toContain("show=");

  await page.getByRole("button", { name: "Show everything" }).click();
  await plane(page).press("ArrowRight");
  const prompt = (await caption(page).textContent()) ?? "";
  await plane(page).press("Enter");
  await page.getByRole("dialog", { name: prompt }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await eventually(() => plane(page).evaluate((element) => element === document.activeElement));
  await page.goBack();
  await page.getByRole("listbox", { name: "Pictures" }).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

it("pictures lie on another map by their latents, which an engine makes", async () => {
  const { page, context, complaints } = await visit(browser, inject("url"), { place: `${PLACE}&map=1` });
  await plane(page).waitFor();
  const byClip = await settled(page);
  await page.getByLabel("Laid out").selectOption({ label: "By their latents" });
  await page.getByText("of all that tells these pictures apart").waitFor();
  expect(await settled(page)).not.toBe(byClip);
  await plane(page).press("ArrowRight");
  await caption(page).waitFor();
  await expectAccessible(page, "map of latents");
  expect(complaints).toEqual([]);
  await context.close();
});

it("a picture on the map has the menu of one in the grid, and can be chosen", async () => {
  const { page, context } = await visit(browser, inject("url"), { place: `${PLACE}&map=1` });
  await plane(page).waitFor();
  await settled(page);
  const box = await plane(page).boundingBox();
  if (!box) throw new Error("the map is not there");
  await plane(page).click({ button: "right", position: { x: 3, y: box.height - 3 } });
  expect(await page.getByRole("menu").count()).toBe(0); // nothing lies there
  await plane(page).press("ArrowRight");
  await plane(page).press("Shift+F10");
  await page.getByRole("menuitem", { name: "Choose", exact: true }).click();
  await page.getByText("1 chosen").waitFor();
  await plane(page).press("ArrowRight");
  const prompt = (await caption(page).textContent()) ?? "";
  await plane(page).press("Shift+F10");
  await page.getByRole("menuitem", { name: "Open", exact: true }).click();
  await page.getByRole("dialog", { name: prompt }).waitFor();
  await context.close();
});

it("the map keeps to the filters, and says what to do where there is too little to draw", async () => {
  const place = `${PLACE}+cat+on+a+pink&map=1`;
  const { page, context } = await visit(browser, inject("url"), { place, size: PHONE });
  await page.getByText("A map needs two pictures").waitFor();
  await page.getByRole("button", { name: "No longer: “wandering cat on a pink”" }).click();
  await plane(page).waitFor();
  await expect
    .poll(() => page.evaluate(() => document.documentElement.scrollWidth))
    .toBeLessThanOrEqual(PHONE.width);
  await expectAccessible(page, "map on a phone");
  await page.getByRole("button", { name: "As a map", pressed: true }).click();
  await page.getByRole("listbox", { name: "Pictures" }).waitFor();
  await context.close();
});
