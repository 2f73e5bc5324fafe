import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { openBrowser, visit } from "./browsing";
import { dropDocument, type Saved, type SavedNode, textToImage } from "./editing";
import { eventually } from "./studio";

const COPIES = 72; // of seven nodes each: 504
const ACROSS = 9; // copies side by side
const LONG = 3000; // milliseconds that each movement is measured
const LEAST = 20; // frames a second; the machine may be busy with other things, on a quiet one it is above 50

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

/** Text to image many times over. */
function large(): Saved {
  const one = textToImage();
  const nodes: SavedNode[] = [];
  const links: unknown[] = [];
  for (let copy = 0; copy < COPIES; copy++) {
    const [left, top] = [(copy % ACROSS) * 1800, Math.floor(copy / ACROSS) * 600];
    const [nodeBase, linkBase] = [copy * 10, copy * 20];
    const moved = (link: unknown) => (typeof link === "number" ? link + linkBase : link);
    for (const node of structuredClone(one.nodes)) {
      nodes.push({
        ...node,
        id: node.id + nodeBase,
        pos: [node.pos[0] + left, node.pos[1] + top],
        inputs: (node.inputs as { link: unknown }[]).map((input) => ({ ...input, link: moved(input.link) })),
        outputs: (node.outputs as { links: unknown[] }[]).map((output) => ({
          ...output,
          links: output.links.map(moved),
        })),
      });
    }
    for (const [id, from, output, to, input, type] of one.links as [
      number,
      number,
      number,
      number,
      number,
      string,
    ][])
      links.push([id + linkBase, from + nodeBase, output, to + nodeBase, input, type]);
  }
  return { ...one, nodes, links, last_node_id: COPIES * 10, last_link_id: COPIES * 20 };
}

/** The median of frames per second while something goes on. */
async function framesDuring(page: Page, goOn: (turn: number) => Promise<void>): Promise<number> {
  await page.evaluate(() => {
    const times: number[] = [];
    const take = (time: number) => {
      times.push(time);
      requestAnimationFrame(take);
    };
    requestAnimationFrame(take);
    Object.assign(globalThis, { frameTimes: times });
  });
  const end = performance.now() + LONG;
  for (let turn = 0; performance.now() < end; turn++) await goOn(turn);
  return page.evaluate(() => {
    const { frameTimes } = globalThis as unknown as { frameTimes: number[] };
    const lengths = frameTimes.slice(1).map((time, at) => time - (frameTimes[at] ?? time));
    lengths.sort((one, other) => one - other);
    return Math.round(1000 / (lengths[Math.floor(lengths.length / 2)] ?? Number.POSITIVE_INFINITY));
  });
}

it("a graph of 500 nodes stays smooth while it is moved and zoomed", async () => {
  const { page, context } = await visit(browser, inject("url"), { place: "#/graph" });
  await dropDocument(page, large(), "large.json");
  const zoom = () =>
    page
      .locator(".react-flow__viewport")
      .evaluate((element) => new DOMMatrix(getComputedStyle(element).transform).a);
  await page.locator(".react-flow__node").first().waitFor();
  const [x, y] = [760, 500];

  const pan = async (turn: number) => {
    const angle = turn / 12;
    await page.mouse.move(x + 260 * Math.cos(angle), y + 200 * Math.sin(angle));
  };
  const panned = async () => {
    await page.mouse.move(1400, 95); // no node begins up there
    await page.mouse.down({ button: "middle" });
    const frames = await framesDuring(page, pan);
    await page.mouse.up({ button: "middle" });
    return frames;
  };
  const zoomed = () =>
    framesDuring(page, (turn) => page.mouse.wheel(0, Math.floor(turn / 20) % 2 === 0 ? -60 : 60));

  const far = { zoom: await zoom(), panned: await panned(), zoomed: await zoomed() };
  await page.mouse.move(x, y);
  await eventually(async () => {
    await page.mouse.wheel(0, -240);
    return (await zoom()) > 0.9;
  });
  const near = { zoom: await zoom(), panned: await panned(), zoomed: await zoomed() };
  for (const [where, { zoom: at, panned: moved, zoomed: scaled }] of Object.entries({ far, near }))
    console.log(
      `frames per second with 504 nodes, ${where} (zoom ${at.toFixed(2)}): ${moved} while moved, ${scaled} while zoomed`,
    );
  expect(Math.min(far.panned, far.zoomed, near.panned, near.zoomed)).toBeGreaterThanOrEqual(LEAST);
  await context.close();
});
