import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { finished, type JobAnswer, jobOf } from "./asking";
import { openBrowser, visit } from "./browsing";
import {
  dropDocument,
  find,
  focused,
  freshSeed,
  meaning,
  middleOf,
  nodeTitled,
  openEmpty,
  press,
  pull,
  run,
  savedFile,
  savedNode,
  sent,
  shown,
  socket,
  textToImage,
} from "./editing";
import { eventually } from "./studio";

let browser: Browser;
let context: BrowserContext;
let page: Page;
let complaints: string[];
beforeAll(async () => {
  browser = await openBrowser();
  ({ page, context, complaints } = await visit(browser, inject("url"), { place: "#/graph" }));
});
afterAll(async () => {
  await context.close();
  await browser.close();
});

/** Where things of the canvas are, as the document has it: the view's move and zoom taken away. */
async function placesOf(ids: readonly number[]): Promise<number[][]> {
  const boxes = await Promise.all(ids.map((id) => page.locator(`[data-node="${id}"]`).boundingBox()));
  const zoom = await page
    .locator(".react-flow__viewport")
    .evaluate((element) => new DOMMatrix(getComputedStyle(element).transform).a);
  const [first] = boxes;
  return boxes.map((box) =>
    [(box?.x ?? 0) - (first?.x ?? 0), (box?.y ?? 0) - (first?.y ?? 0), box?.width ?? 0, box?.height ?? 0].map(
      (length) => Math.round(length / zoom),
    ),
  );
}

const TITLE = 30; // pixels of the bar above the place of a node

it("a dropped ComfyUI file looks as it did, runs with its picture developing, and is saved back as it was", async () => {
  const seed = freshSeed();
  const document = textToImage({ steps: 40, seed });
  const sampler = savedNode(document, "KSampler");
  sampler.widgets_values[1] = "increment";
  sampler.pos = [720, 90];
  const checkpoint = savedNode(document, "CheckpointLoaderSimple");
  Object.assign(checkpoint, { color: "#223344", bgcolor: "#335577", pos: [-20, 40], size: [340, 160] });
  document.groups = [
    { id: 1, title: "What it shows", bounding: [330, -80, 320, 560], color: "#3f789e", flags: {} },
  ];
  document.extra = { ds: { scale: 0.7, offset: [12, 34] }, other: "kept" };
  await dropDocument(page, document, "mine.json");

  const ids = document.nodes.map(({ id }) => id);
  const [first] = document.nodes;
  const expected = document.nodes.map(({ pos, size }) => [
    pos[0] - (first?.pos[0] ?? 0),
    pos[1] - (first?.pos[1] ?? 0),
    size[0],
    size[1] + TITLE,
  ]);
  await eventually(async () => JSON.stringify(await placesOf(ids)) === JSON.stringify(expected), 5000).catch(
    async () => expect(await placesOf(ids)).toEqual(expected),
  );
  const colour = (node: Element) => getComputedStyle(node).backgroundColor;
  await expect.poll(() => nodeTitled(page, "Checkpoint").evaluate(colour)).toBe("rgb(51, 85, 119)");
  const group = page.getByRole("group", { name: "Group What it shows" });
  expect(await group.evaluate((box) => getComputedStyle(box).color)).toBe("rgb(63, 120, 158)");

  const node = nodeTitled(page, "Sampler");
  const seen = Promise.all([
    node.getByRole("progressbar").waitFor(),
    node.getByRole("img", { name: "Preview" }).waitFor(),
    eventually(async () => (await node.getAttribute("data-state")) === "running"),
  ]);
  const job = await run(page);
  await seen;
  await shown(nodeTitled(page, "Save Image").getByRole("img").first());
  await eventually(async () => (await node.getAttribute("data-state")) === "done");
  expect((await finished(job)).state).toBe("done");

  sampler.widgets_values[0] = seed + 1;
  expect(await savedFile(page)).toEqual(document);
  expect(complaints).toEqual([]);
});

/** The graph of the text-to-image template with some values, as the server gets it. */
function expected(seed: unknown): unknown {
  const checkpoint = { type: "CheckpointLoaderSimple", inputs: { ckpt_name: "starter-128.safetensors" } };
  const encoded = (text: string) => ({ type: "CLIPTextEncode", inputs: { clip: [checkpoint, 1], text } });
  const latent = { type: "EmptyLatentImage", inputs: { width: 128, height: 128, batch_size: 1 } };
  const sampler = {
    type: "KSampler",
    inputs: {
      model: [checkpoint, 0],
      positive: [encoded("a picture of a cat"), 0],
      negative: [encoded("blurry"), 0],
      latent_image: [latent, 0],
      seed,
      steps: 2,
      cfg: 4,
      sampler_name: expect.any(String),
      scheduler: expect.any(String),
      denoise: 1,
    },
  };
  const image = { type: "VAEDecode", inputs: { samples: [sampler, 0], vae: [checkpoint, 2] } };
  return { type: "SaveImage", inputs: { images: [image, 0], filename_prefix: expect.any(String) } };
}

/** See that a job is text to image, of seven nodes and no more, and that its picture comes. */
async function expectTextToImage(job: JobAnswer): Promise<void> {
  const { workflow } = await jobOf(job.id);
  expect(Object.keys(workflow)).toHaveLength(7);
  const [sampler] = Object.values(workflow).filter(({ class_type }) => class_type === "KSampler");
  expect(meaning(workflow, "SaveImage")).toEqual(expected(sampler?.inputs.seed));
  const done = await finished(job);
  expect(done.outputs.filter(({ asset }) => asset)).toHaveLength(1);
  await shown(nodeTitled(page, "Save Image").getByRole("img").first());
}

describe("text to image is built from an empty canvas", () => {
  /** Add a node by its name, with the key for it or the button; the keyboard is on the node then. */
  async function add(words: string, title: string): Promise<void> {
    await page.keyboard.press((await focused(page)) === "Add a node" ? "Enter" : "a");
    await page.getByRole("combobox", { name: "Add a node" }).waitFor();
    await page.keyboard.type(words);
    await page.keyboard.press("Enter");
    await eventually(async () => (await focused(page)) === title);
  }

  /** In the node one is at, go to a socket, and link it to what is called so. */
  async function link(input: RegExp, words: string): Promise<void> {
    await press(page, "ArrowDown", async () => input.test(await focused(page)));
    await page.keyboard.press("Enter");
    await page.getByRole("combobox", { name: "Link to" }).waitFor();
    await page.keyboard.type(words);
    await page.keyboard.press("Enter");
    await eventually(async () => input.test(await focused(page)) && /, linked$/.test(await focused(page)));
  }

  async function set(widget: string, value: string): Promise<void> {
    await press(page, "Tab", async () => (await focused(page)) === widget);
    await page.keyboard.type(value);
    await page.keyboard.press("Enter");
  }

  async function encoded(title: string, text: string): Promise<void> {
    await add("clip text encode", "CLIP Text Encode (Prompt)");
    await page.keyboard.press("F2");
    await page.getByRole("textbox", { name: "Title" }).and(page.locator(":focus")).waitFor();
    await page.keyboard.type(title);
    await page.keyboard.press("Enter");
    await eventually(async () => (await focused(page)) === title);
    await page.keyboard.press("Enter");
    await link(/^Input clip/, "clip");
    await press(page, "Tab", async () => (await focused(page)) === "text");
    await page.keyboard.type(text);
    await page.keyboard.press("Escape");
  }

  it("by the keyboard alone", async () => {
    await page.getByRole("region", { name: "Graph editor" }).waitFor();
    await page.keyboard.press("Alt+n");
    await page.getByRole("tab", { name: "Untitled", selected: true }).waitFor();
    await press(page, "Tab", async () => (await focused(page)) === "Add a node");
    await add("load checkpoint", "Load Checkpoint");
    await page.keyboard.press("Enter");
    await press(page, "Tab", async () => /^ckpt name/.test(await focused(page)));
    await page.keyboard.press("Enter");
    await page.getByRole("option", { name: /^starter-128/ }).waitFor();
    await page.keyboard.type("starter");
    await page.keyboard.press("Enter");
    await eventually(async () => (await focused(page)) === "ckpt name starter-128.safetensors");
    await encoded("What", "a picture of a cat");
    await encoded("What not", "blurry");
    await add("empty latent", "Empty Latent Image");
    await page.keyboard.press("Enter");
    await set("width", "128");
    await set("height", "128");
    await add("ksampler", "KSampler");
    await page.keyboard.press("Enter");
    await link(/^Input model/, "model");
    await link(/^Input positive/, "what");
    await link(/^Input negative/, "what not");
    await link(/^Input latent image/, "empty latent");
    await set("steps", "2");
    await set("cfg", "4");
    await add("vae decode", "VAE Decode");
    await page.keyboard.press("Enter");
    await link(/^Input samples/, "ksampler");
    await link(/^Input vae/, "checkpoint");
    await add("save image", "Save Image");
    await page.keyboard.press("Enter");
    await link(/^Input images/, "decode");
    await page.keyboard.press("Escape");
    await page.keyboard.press("ArrowLeft");
    await eventually(async () => (await focused(page)) === "VAE Decode");
    await expectTextToImage(await sent(page, () => page.keyboard.press("Control+Enter")));
  });

  it("by the mouse, with wires dropped on empty space, and every step of it is undone and done again", async () => {
    await openEmpty(page);
    await page.mouse.dblclick(110, 180);
    await find(page, "load checkpoint", "Load Checkpoint");
    const checkpoint = nodeTitled(page, "Load Checkpoint");
    await checkpoint.getByRole("button", { name: /^ckpt name/ }).click();
    await page.getByRole("option", { name: /^starter-128/ }).click();
    const prompts = nodeTitled(page, "CLIP Text Encode (Prompt)");
    for (const [place, text] of ["a picture of a cat", "blurry"].entries()) {
      await pull(page, socket(checkpoint, "out:1"), [440, 150 + place * 240]);
      await page.getByRole("dialog", { name: "Nodes for CLIP" }).waitFor();
      await expect.poll(() => page.getByRole("option", { name: "VAE Decode" }).count()).toBe(0);
      await find(page, "text encode", "CLIP Text Encode (Prompt)");
      await prompts.nth(place).getByRole("textbox").fill(text);
    }
    await pull(page, socket(prompts.nth(0), "out:0"), [840, 150]);
    await find(page, "ksampler", "KSampler");
    const sampler = nodeTitled(page, "KSampler");
    await pull(page, socket(checkpoint, "out:0"), socket(sampler, "in:model"));
    await pull(page, socket(prompts.nth(1), "out:0"), socket(sampler, "in:negative"));
    await pull(page, socket(sampler, "in:latent_image"), [760, 660]);
    await find(page, "empty", "Empty Latent Image");
    for (const [node, widget, value] of [
      ["Empty Latent Image", "width", "128"],
      ["Empty Latent Image", "height", "128"],
      ["KSampler", "steps", "2"],
      ["KSampler", "cfg", "4"],
    ] as const) {
      await nodeTitled(page, node).getByRole("spinbutton", { name: widget }).click();
      await page.keyboard.type(value);
      await page.keyboard.press("Enter");
    }
    await pull(page, socket(sampler, "out:0"), [1140, 150]);
    await find(page, "decode", "VAE Decode");
    const decode = nodeTitled(page, "VAE Decode");
    await pull(page, socket(checkpoint, "out:2"), socket(decode, "in:vae"));
    await pull(page, socket(decode, "out:0"), [840, 560]);
    await find(page, "save", "Save Image");
    await expectTextToImage(await run(page));

    const document = await savedFile(page);
    expect([document.nodes.length, document.links.length]).toEqual([7, 9]);
    const isOff = (name: RegExp) => () => page.getByRole("button", { name }).isDisabled();
    const undone = await press(page, "Control+z", isOff(/^Undo/));
    expect(undone).toBeGreaterThanOrEqual(16); // seven nodes, three wires between them, six values
    await page.getByText("An empty graph").waitFor();
    await expect.poll(() => page.locator("[data-node]").count()).toBe(0);
    expect(await press(page, "Control+Shift+z", isOff(/^Redo/))).toBe(undone);
    expect(await savedFile(page)).toEqual(document);
  });
});

it("a wire that does not fit is refused, and the reason stands on the screen", async () => {
  await dropDocument(page, textToImage(), "wires.json");
  const wires = page.locator(".react-flow__edge");
  await eventually(async () => (await wires.count()) === 9);
  const reason = "MODEL does not fit here: CONDITIONING is wanted.";
  const ends = [
    socket(nodeTitled(page, "Checkpoint"), "out:0"),
    socket(nodeTitled(page, "Sampler"), "in:positive"),
  ];
  await pull(page, ...(ends as [Locator, Locator]), { release: false });
  await page.getByRole("application", { name: "Graph" }).getByText(reason).waitFor();
  await page.mouse.up();
  await page.getByRole("region", { name: "Messages" }).getByText(reason).waitFor();
  await expect.poll(() => wires.count()).toBe(9);
  await expect.poll(() => page.getByRole("button", { name: "Undo" }).isDisabled()).toBe(true);
});

it("a checkpoint that is not there is shown on its node and its input, and the nearest one mends it", async () => {
  const document = textToImage();
  savedNode(document, "CheckpointLoaderSimple").widgets_values = ["starter-129.safetensors"];
  await dropDocument(page, document, "lacking.json");
  const node = nodeTitled(page, "Checkpoint");
  await page.getByText("starter-129.safetensors is not in checkpoints.").waitFor();
  await eventually(async () => /has problems/.test((await node.getAttribute("aria-label")) ?? ""));
  await expect
    .poll(() => node.getByRole("button", { name: /^ckpt name/ }).getAttribute("aria-invalid"))
    .toBe("true");
  await expect.poll(() => page.locator("[data-wrong][data-node]").count()).toBe(1);
  await page.getByRole("button", { name: "Use starter-128.safetensors" }).click();
  await eventually(async () => (await page.locator("[data-wrong]").count()) === 0);
  expect((await finished(await run(page))).state).toBe("done");
});

it("a node that fails while it runs says on itself what happened", async () => {
  const document = textToImage();
  savedNode(document, "SaveImage").widgets_values = ["../outside"];
  await dropDocument(page, document, "failing.json");
  const job = await run(page);
  const node = nodeTitled(page, "Save Image");
  await node
    .getByRole("alert")
    .filter({ hasText: "'../outside' is not a name inside the folder." })
    .waitFor();
  await expect.poll(() => node.getAttribute("data-state")).toBe("failed");
  await expect.poll(() => page.locator("[data-wrong][data-node]").count()).toBe(1);
  expect((await finished(job)).state).toBe("failed");
});

it("what was known is shown as cached, and a node that ran again says which input was changed", async () => {
  await dropDocument(page, textToImage(), "twice.json");
  await finished(await run(page));
  const sampler = nodeTitled(page, "Sampler");
  await eventually(async () => (await sampler.getAttribute("data-state")) === "done");
  await finished(await run(page));
  await sampler.getByText("cached").waitFor();
  await sampler.getByRole("spinbutton", { name: "steps" }).click();
  await page.keyboard.type("3");
  await page.keyboard.press("Enter");
  await finished(await run(page));
  await sampler.getByRole("button", { name: "Why did this run?" }).click();
  const dialog = page.getByRole("dialog", { name: "Why did “Sampler” run?" });
  await dialog.getByText("steps is 3 now, and was 2.").waitFor();
  await page.keyboard.press("Escape");
  await expect.poll(() => nodeTitled(page, "Checkpoint").getByText("cached").isVisible()).toBe(true);
});

it("run up to a node that shows nothing itself, its latent is shown below it", async () => {
  await dropDocument(page, textToImage(), "up to.json");
  const sampler = nodeTitled(page, "Sampler");
  await sampler.getByText("Sampler", { exact: true }).click();
  await finished(await sent(page, () => page.keyboard.press("Control+Shift+Enter")));
  await shown(sampler.getByRole("button", { name: /\.png/ }).getByRole("img"));
  const { nodes } = await savedFile(page);
  expect(nodes).toHaveLength(7);
});

it("a wire is pulled off its socket by a finger, which one step takes back", async () => {
  await dropDocument(page, textToImage(), "finger.json");
  const wires = page.locator(".react-flow__edge");
  await eventually(async () => (await wires.count()) === 9);
  const [x, y] = await middleOf(socket(nodeTitled(page, "Sampler"), "in:positive"));
  const hand = await context.newCDPSession(page);
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", ...touchPoints: { x: number; y: number }[]) =>
    hand.send("Input.dispatchTouchEvent", { type, touchPoints });
  await touch("touchStart", { x, y });
  for (const step of [1, 2, 3, 4]) await touch("touchMove", { x: x - 15 * step, y: y + 75 * step });
  await touch("touchEnd");
  await eventually(async () => (await wires.count()) === 8);
  await press(page, "Control+z", async () => (await wires.count()) === 9);
});

it("muted and bypassed nodes are left out of the run", async () => {
  const document = textToImage();
  const link = (id: number, from: number, to: number) => [id, from, 0, to, 0, "IMAGE"];
  const further = { flags: {}, mode: 0, properties: {} };
  document.nodes.push(
    {
      ...further,
      id: 8,
      type: "ImageInvert",
      pos: [1020, 200],
      size: [300, 60],
      inputs: [{ name: "image", type: "IMAGE", link: 10 }],
      outputs: [{ name: "IMAGE", type: "IMAGE", links: [11] }],
      widgets_values: [],
    },
    {
      ...further,
      id: 9,
      type: "PreviewImage",
      pos: [1360, 200],
      size: [300, 240],
      inputs: [{ name: "images", type: "IMAGE", link: 11 }],
      outputs: [],
      widgets_values: [],
    },
  );
  document.links.push(link(10, 6, 8), link(11, 8, 9));
  await dropDocument(page, document, "modes.json");
  const title = (name: string) => nodeTitled(page, name).getByText(name, { exact: true });
  await title("Invert Image").click();
  await page.keyboard.press("Control+b");
  await page.getByRole("group", { name: "Invert Image, bypassed" }).waitFor();
  await title("Save Image").click();
  await page.keyboard.press("Control+m");
  await page.getByRole("group", { name: "Save Image, muted" }).waitFor();
  const { workflow } = await finished(await run(page));
  const types = Object.values(workflow).map(({ class_type }) => class_type);
  expect(types).not.toContain("ImageInvert");
  expect(types).not.toContain("SaveImage");
  expect(meaning(workflow, "PreviewImage")).toMatchObject({ inputs: { images: [{ type: "VAEDecode" }, 0] } });
  const saved = await savedFile(page);
  expect([savedNode(saved, "ImageInvert").mode, savedNode(saved, "SaveImage").mode]).toEqual([4, 2]);
});

it("a curve is drawn with the mouse and bent with the keyboard, and the picture becomes as dark as it says", async () => {
  const grey = 0x808080;
  const node = (id: number, type: string, inputs: unknown[], outputs: unknown[], values: unknown[]) => ({
    id,
    type,
    inputs,
    outputs,
    widgets_values: values,
    mode: 0,
    pos: [id * 320, 0],
    size: [280, 300],
  });
  const image = (link: number) => [{ name: "image", type: "IMAGE", link }];
  const gives = (link: number) => [{ name: "IMAGE", type: "IMAGE", links: [link] }];
  const document = {
    nodes: [
      node(1, "EmptyImage", [], gives(1), [64, 64, 1, grey]),
      node(2, "ImageCurves", image(1), gives(2), [
        [
          [0, 0],
          [1, 1],
        ],
      ]),
      node(3, "SaveImage", [{ name: "images", type: "IMAGE", link: 2 }], [], ["curves"]),
    ],
    links: [
      [1, 1, 0, 2, 0, "IMAGE"],
      [2, 2, 0, 3, 0, "IMAGE"],
    ],
    version: 0.4,
  };
  await dropDocument(page, document, "curves.json");
  const curve = nodeTitled(page, "Tone Curve").getByRole("group", { name: "curve" });
  await curve.hover(); // once the view lies still
  const box = await curve.boundingBox();
  await curve.click({ position: { x: (box?.width ?? 0) / 2, y: (box?.height ?? 0) * 0.7 } });
  const point = curve.getByRole("slider", { name: "curve, point 2 of 3" });
  await eventually(() => point.evaluate((element) => element === globalThis.document.activeElement));
  await press(page, "ArrowDown", async () => Number(await point.getAttribute("aria-valuenow")) <= 20);
  await finished(await run(page));
  const picture = nodeTitled(page, "Save Image").getByRole("img").first();
  await shown(picture);
  const level = await picture.evaluate((image: HTMLImageElement) => {
    const canvas = globalThis.document.createElement("canvas").getContext("2d");
    canvas?.drawImage(image, 0, 0);
    return canvas?.getImageData(0, 0, 1, 1).data[0];
  });
  expect(Math.abs((level ?? 0) - 0.2 * 255)).toBeLessThan(8);
  await point.press("Delete");
  await curve.getByRole("slider", { name: "curve, point 2 of 2" }).waitFor();
});

it("what is copied in one tab is pasted in another, with its wires and values", async () => {
  const document = textToImage();
  await dropDocument(page, document, "copied.json");
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Control+c");
  await openEmpty(page);
  await page.keyboard.press("Control+v");
  await nodeTitled(page, "Sampler").waitFor();
  const pasted = await savedFile(page);
  const values = ({ nodes }: typeof pasted) =>
    nodes.map(({ type, widgets_values }) => [type, widgets_values]);
  expect(values(pasted)).toEqual(values(document));
  expect(pasted.links).toHaveLength(9);
});

it("a reload in the middle of a run shows the same run in its tab, and what was changed is kept", async () => {
  await dropDocument(page, textToImage({ steps: 400 }), "reloaded.json");
  await nodeTitled(page, "Prompt").getByRole("textbox").fill("seen twice");
  const job = await run(page);
  const bar = nodeTitled(page, "Sampler").getByRole("progressbar");
  await bar.waitFor();
  await page.reload();
  await page.getByRole("tab", { name: "reloaded", selected: true }).waitFor();
  await bar.waitFor();
  await nodeTitled(page, "Sampler").getByRole("img", { name: "Preview" }).waitFor();
  await expect.poll(() => nodeTitled(page, "Prompt").getByRole("textbox").inputValue()).toBe("seen twice");
  expect((await jobOf(job.id)).state).toBe("running");
  await page.getByRole("toolbar", { name: "Tools" }).getByRole("button", { name: "Cancel" }).click();
  expect((await finished(job)).state).toBe("cancelled");
});
