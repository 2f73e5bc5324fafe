import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { finished, jobOf, nodeOf } from "./asking";
import { openBrowser, visit } from "./browsing";
import {
  dropDocument,
  meaning,
  nodeTitled,
  press,
  run,
  type Saved,
  savedFile,
  savedNode,
  shown,
  textToImage,
} from "./editing";
import { eventually } from "./studio";

let browser: Browser;
let context: BrowserContext;
let page: Page;
beforeAll(async () => {
  browser = await openBrowser();
  ({ page, context } = await visit(browser, inject("url"), { place: "#/graph" }));
});
afterAll(async () => {
  await context.close();
  await browser.close();
});

const SAMPLING = "5d1f0c5e-7a43-4a7e-9d0b-2f6f0f3a9c11";

/** Text to image in version 1.0, with prompts, size and sampler in a subgraph; `steps` is shown on its outside. */
function withSubgraph(): Saved {
  const document = textToImage();
  const isInside = ({ id }: { id: number }) => id >= 2 && id <= 5;
  const link = (id: number, from: [number, number], to: [number, number], type: string) => ({
    id,
    origin_id: from[0],
    origin_slot: from[1],
    target_id: to[0],
    target_slot: to[1],
    type,
  });
  const port = (id: string, name: string, type: string, linkIds: number[]) => ({ id, name, type, linkIds });
  const state = { lastGroupId: 0, lastNodeId: 10, lastLinkId: 30, lastRerouteId: 0 };
  const inside = document.nodes.filter(isInside);
  const outside = document.nodes.filter((node) => !isInside(node));
  const linked: Record<number, (number | null)[]> = { 2: [11], 3: [12], 4: [], 5: [13, 14, 15, 16] };
  const linking: Record<number, number[][]> = { 2: [[14]], 3: [[15]], 4: [[16]], 5: [[17]] };
  for (const node of inside) relink(node, linked[node.id] ?? [], linking[node.id] ?? []);
  const [checkpoint, decode, save] = outside;
  if (!checkpoint || !decode || !save) throw new Error("the template has other nodes");
  relink(checkpoint, [], [[20], [21], [23]]);
  relink(decode, [22, 23], [[24]]);
  relink(save, [24], []);
  return {
    id: "8c0f6f0e-21d0-4c0c-8d1f-f4f2a6c9b210",
    revision: 3,
    version: 1,
    state,
    nodes: [
      ...outside,
      {
        id: 10,
        type: SAMPLING,
        title: "From words to latent",
        pos: [400, 60],
        size: [320, 120],
        flags: {},
        order: 1,
        mode: 0,
        inputs: [
          { name: "model", type: "MODEL", link: 20 },
          { name: "clip", type: "CLIP", link: 21 },
        ],
        outputs: [{ name: "LATENT", type: "LATENT", links: [22] }],
        properties: { proxyWidgets: [["5", "steps"]] },
        widgets_values: [2],
      },
    ],
    links: [
      link(20, [1, 0], [10, 0], "MODEL"),
      link(21, [1, 1], [10, 1], "CLIP"),
      link(22, [10, 0], [6, 0], "LATENT"),
      link(23, [1, 2], [6, 1], "VAE"),
      link(24, [6, 0], [7, 0], "IMAGE"),
    ],
    groups: [],
    definitions: {
      subgraphs: [
        {
          id: SAMPLING,
          version: 1,
          state,
          revision: 0,
          config: {},
          name: "From words to latent",
          inputNode: { id: -10, bounding: [40, 40, 120, 80] },
          outputNode: { id: -20, bounding: [1100, 40, 120, 60] },
          inputs: [port("in-0", "model", "MODEL", [13]), port("in-1", "clip", "CLIP", [11, 12])],
          outputs: [port("out-0", "LATENT", "LATENT", [17])],
          widgets: [],
          nodes: inside,
          groups: [],
          links: [
            link(11, [-10, 1], [2, 0], "CLIP"),
            link(12, [-10, 1], [3, 0], "CLIP"),
            link(13, [-10, 0], [5, 0], "MODEL"),
            link(14, [2, 0], [5, 1], "CONDITIONING"),
            link(15, [3, 0], [5, 2], "CONDITIONING"),
            link(16, [4, 0], [5, 3], "LATENT"),
            link(17, [5, 0], [-20, 0], "LATENT"),
          ],
          extra: {},
        },
      ],
    },
    config: {},
    extra: { ds: { scale: 1, offset: [0, 0] } },
  };
}

/** Give the sockets of a node other wires. */
function relink(node: Saved["nodes"][number], into: readonly (number | null)[], outOf: readonly number[][]) {
  for (const [place, input] of (node.inputs as { link: number | null }[]).entries())
    input.link = into[place] ?? null;
  for (const [place, output] of (node.outputs as { links: number[] }[]).entries())
    output.links = outOf[place] ?? [];
}

const titles = async () => {
  const labels = await page
    .locator("[data-node]")
    .evaluateAll((nodes) => nodes.map((node) => node.getAttribute("aria-label") ?? ""));
  return labels.map((label) => label.split(",")[0]).sort();
};

it("a file of version 1.0 opens with its subgraph, which is gone into, runs under the ids of its nodes, and is saved back", async () => {
  const document = withSubgraph();
  await dropDocument(page, document, "one.json");
  const holder = nodeTitled(page, "From words to latent");
  await holder.waitFor();
  const steps = holder.getByRole("spinbutton", { name: "steps" });
  await expect.poll(() => steps.getAttribute("aria-valuenow")).toBe("2");
  const job = await run(page);
  const done = await finished(job);
  expect(done.state).toBe("done");
  expect(Object.keys((await jobOf(job.id)).workflow).sort()).toEqual(
    ["1", "6", "7", "10:2", "10:3", "10:4", "10:5"].sort(),
  );
  await eventually(async () => (await holder.getAttribute("data-state")) === "done");
  expect(await savedFile(page)).toEqual(document);

  await holder.getByText("From words to latent").dblclick();
  await page.getByRole("navigation", { name: "Where you are" }).waitFor();
  await expect
    .poll(() => titles())
    .toEqual(["Inputs", "Negative prompt", "Outputs", "Prompt", "Sampler", "Size"]);
  await page.getByRole("button", { name: "Workflow", exact: true }).click();
  await holder.waitFor();
});

it("a subgraph is made of a selection, changed inside, run, unpacked, and all of it undone", async () => {
  const document = textToImage();
  await dropDocument(page, document, "made.json");
  const first = await finished(await run(page));

  for (const title of ["Prompt", "Negative prompt", "Size", "Sampler"])
    await nodeTitled(page, title)
      .getByText(title, { exact: true })
      .click({ modifiers: ["Control"] });
  await page.keyboard.press("Control+Shift+E");
  const holder = nodeTitled(page, "Subgraph");
  await holder.waitFor();
  await expect.poll(() => page.locator("[data-node]").count()).toBe(4);
  const same = await finished(await run(page));
  expect(meaning(same.workflow, "SaveImage")).toEqual(meaning(first.workflow, "SaveImage"));

  await holder.getByText("Subgraph").click();
  await page.keyboard.press("Alt+Enter");
  await page.getByRole("navigation", { name: "Where you are" }).waitFor();
  await nodeTitled(page, "Sampler").getByRole("spinbutton", { name: "steps" }).click();
  await page.keyboard.type("3");
  await page.keyboard.press("Enter");
  await press(page, "Escape", () => holder.isVisible());
  const changed = await finished(await run(page));
  expect(nodeOf(changed, "KSampler")?.steps).toBe(3);
  await shown(nodeTitled(page, "Save Image").getByRole("img").first());

  await holder.getByText("Subgraph").click();
  await page.keyboard.press("Control+Shift+U");
  await nodeTitled(page, "Sampler").waitFor();
  const unpacked = await savedFile(page);
  expect(unpacked.nodes).toHaveLength(7);
  expect(savedNode(unpacked, "KSampler").widgets_values[2]).toBe(3);
  const last = await finished(await run(page));
  expect(meaning(last.workflow, "SaveImage")).toEqual(meaning(changed.workflow, "SaveImage"));

  await press(page, "Control+z", () => page.getByRole("button", { name: "Undo" }).isDisabled());
  expect(await savedFile(page)).toEqual(document);
});
