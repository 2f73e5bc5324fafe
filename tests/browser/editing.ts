/** Works the graph editor as a person does: drops files, pulls wires, runs, and saves. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Locator, Page } from "playwright-core";
import type { JobAnswer } from "./asking";
import { eventually } from "./studio";

const TEMPLATES = fileURLToPath(new URL("../../src/safelight/templates/", import.meta.url));

/** A node as editors save it; what the tests do not touch is left out. */
export interface SavedNode {
  id: number;
  type: string;
  title?: string;
  pos: [number, number];
  size: [number, number];
  mode: number;
  color?: string;
  bgcolor?: string;
  widgets_values: unknown[];
  [further: string]: unknown;
}

/** A document as editors save it. */
export interface Saved {
  nodes: SavedNode[];
  links: unknown[];
  groups: { title: string; bounding: number[]; color: string; [further: string]: unknown }[];
  [further: string]: unknown;
}

let lastSeed = Date.now();

/** A seed that no run had, so that nothing is known of its picture. */
export function freshSeed(): number {
  lastSeed += 2;
  return lastSeed;
}

/** The text-to-image template, for a quick run. */
export function textToImage({ steps = 2, seed = freshSeed() } = {}): Saved {
  const document = JSON.parse(readFileSync(`${TEMPLATES}text-to-image.json`, "utf-8")) as Saved;
  const sampler = savedNode(document, "KSampler");
  sampler.widgets_values = [seed, "fixed", steps, ...sampler.widgets_values.slice(3)];
  return document;
}

export function savedNode(document: Saved, type: string): SavedNode {
  const found = document.nodes.find((node) => node.type === type);
  if (!found) throw new Error(`there is no ${type} in the document`);
  return found;
}

/** Drop a document on the editor, as a file from the desktop. */
export async function dropDocument(page: Page, document: unknown, name: string): Promise<void> {
  const editor = page.getByRole("region", { name: "Graph editor" });
  await editor.waitFor();
  const transfer = await page.evaluateHandle(
    ([content, called]) => {
      const data = new DataTransfer();
      data.items.add(new File([content ?? ""], called ?? "", { type: "application/json" }));
      return data;
    },
    [JSON.stringify(document), name],
  );
  for (const event of ["dragenter", "dragover", "drop"])
    await editor.dispatchEvent(event, { dataTransfer: transfer });
  await page.getByRole("tab", { name: name.replace(/\.json$/, ""), selected: true }).waitFor();
}

/** A node on the canvas by its title. */
export function nodeTitled(page: Page, title: string): Locator {
  const escaped = title.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return page.locator("[data-node]").and(page.getByRole("group", { name: new RegExp(`^${escaped}(,|$)`) }));
}

/** A new, empty workflow in a tab of its own. */
export async function openEmpty(page: Page): Promise<void> {
  await page.getByRole("button", { name: "New workflow" }).click();
  await page.getByText("An empty graph").waitFor();
}

/** Do what sends a job; the job that the server made of it. */
export async function sent(page: Page, act: () => Promise<void>): Promise<JobAnswer> {
  const answer = page.waitForResponse(
    (response) => response.url().endsWith("/api/v1/jobs") && response.request().method() === "POST",
  );
  await act();
  const { jobs } = (await (await answer).json()) as { jobs: JobAnswer[] };
  const [job] = jobs;
  if (!job) throw new Error("no job was made");
  return job;
}

/** Press the button that runs the workflow. */
export function run(page: Page): Promise<JobAnswer> {
  return sent(page, () => page.getByRole("button", { name: "Run", exact: true }).click());
}

/** Choose from the menu of the editor. */
export async function choose(page: Page, what: string): Promise<void> {
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("menuitem", { name: what }).click();
}

/** The document that is shown, saved as a file. */
export async function savedFile(page: Page): Promise<Saved> {
  const download = page.waitForEvent("download");
  await choose(page, "Download as a file");
  return JSON.parse(readFileSync(await (await download).path(), "utf-8")) as Saved;
}

/** The socket of a node: `out:0` for its first output, `in:clip` for an input. */
export function socket(node: Locator, spot: string): Locator {
  return node.locator(`[data-handleid="${spot}"]`);
}

/** Pull a wire from a socket to another, or to a place on the page. */
export async function pull(
  page: Page,
  from: Locator,
  to: Locator | readonly [number, number],
  { release = true } = {},
): Promise<void> {
  const [startX, startY] = await middleOf(from);
  const [endX, endY] = "boundingBox" in to ? await middleOf(to) : to;
  await page.mouse.move(startX, startY);
  await page.mouse.down();
  await page.mouse.move(startX + 8, startY + 8);
  await page.mouse.move((startX + endX) / 2, (startY + endY) / 2);
  await page.mouse.move(endX, endY, { steps: 3 });
  if (release) await page.mouse.up();
}

export async function middleOf(one: Locator): Promise<[x: number, y: number]> {
  const box = await one.boundingBox();
  if (!box) throw new Error(`${one} is not to be seen`);
  return [box.x + box.width / 2, box.y + box.height / 2];
}

/** Write in the search that is open, and take the entry of that name. */
export async function find(page: Page, words: string, entry: string): Promise<void> {
  const search = page.getByRole("combobox").and(page.locator(":focus"));
  await search.waitFor();
  await search.fill(words);
  await page.getByRole("option", { name: entry }).first().click();
  await search.waitFor({ state: "detached" });
}

/** What a node of a workflow gives, whatever ids are: its type and values, and the same of all it is linked to. */
export function meaning(workflow: JobAnswer["workflow"], type: string): unknown {
  const [id] = Object.entries(workflow).find(([, { class_type }]) => class_type === type) ?? [];
  return id === undefined ? null : meaningOf(workflow, id);
}

function meaningOf(workflow: JobAnswer["workflow"], id: string): unknown {
  const node = workflow[id];
  if (!node) return null;
  const inputs = Object.entries(node.inputs).map(([name, value]) => [
    name,
    Array.isArray(value) ? [meaningOf(workflow, String(value[0])), value[1]] : value,
  ]);
  return { type: node.class_type, inputs: Object.fromEntries(inputs) };
}

/** Press a key until something holds, at most so many times. */
export async function press(
  page: Page,
  key: string,
  until: () => Promise<boolean>,
  most = 40,
): Promise<number> {
  for (let times = 0; times <= most; times++) {
    if (await until()) return times;
    await page.keyboard.press(key);
  }
  throw new Error(`${key} was pressed ${most} times, and still not: ${until}`);
}

/** What has the keyboard, as it is called for those who do not see. */
export function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { activeElement: at } = document;
    if (at === document.body) return "";
    return (
      (at instanceof HTMLTextAreaElement && "text") ||
      (at?.getAttribute("aria-label") ?? at?.textContent ?? "")
    );
  });
}

/** Wait until a picture is there, with its pixels. */
export function shown(picture: Locator): Promise<void> {
  return eventually(() =>
    picture.evaluate((image) => image instanceof HTMLImageElement && image.naturalWidth > 0),
  );
}
