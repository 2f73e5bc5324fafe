/** Takes the pictures of docs/guide: a real server, the starter's checkpoints, a real browser. */

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, inject, it } from "vitest";
import { asked, type JobAnswer, made } from "./asking";
import { openBrowser, PHONE, visit } from "./browsing";
import { dropDocument, nodeTitled, pull, run, savedNode, shown, socket, textToImage } from "./editing";
import { eventually } from "./studio";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PICTURES = join(ROOT, "docs/pictures");
const PYTHON = join(ROOT, ".venv/bin/python");
const CAT = join(PICTURES, "cat.png");
const MOST_BYTES = 250_000;
const LONG = 600_000; // milliseconds; pictures are made between the pictures that are taken
const PACKING = `
import io, sys
from PIL import Image
path, most = sys.argv[1], int(sys.argv[2])
image = Image.open(io.BytesIO(sys.stdin.buffer.read())).convert("RGB")
image.save(path, lossless=True, method=5)
if open(path, "rb").seek(0, io.SEEK_END) > most:
    image.save(path, quality=90, method=5)
`;

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

/** Keep what is seen as `guide-NAME.webp`, or of another part: without loss, unless that is too large. */
async function keep(page: Page, name: string, part = "guide"): Promise<void> {
  const messages = page.getByRole("region", { name: "Messages" }).getByRole("button", { name: "Close" });
  while ((await messages.count()) > 0)
    await messages
      .first()
      .click({ timeout: 1000 })
      .catch(() => {});
  await page.mouse.move(2, 700); // where nothing answers to the pointer
  await page.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur());
  await settled(page);
  const [path, most] = [join(PICTURES, `${part}-${name}.webp`), String(MOST_BYTES)];
  execFileSync(PYTHON, ["-c", PACKING, path, most], { input: await page.screenshot() });
}

/** Wait for all that is still on its way: pictures, and what moves. */
async function settled(page: Page): Promise<void> {
  await page.waitForTimeout(300);
  await page.evaluate(() =>
    Promise.all([
      ...[...document.images]
        .filter(({ loading }) => loading !== "lazy")
        .map((image) => image.decode().catch(() => {})),
      ...document
        .getAnimations()
        .filter(({ effect }) => effect?.getComputedTiming().iterations !== Number.POSITIVE_INFINITY)
        .map(({ finished }) => finished.catch(() => {})),
    ]),
  );
}

/** The field for words, which has the focus of the page at first. */
const words = (page: Page) => page.getByLabel("Prompt", { exact: true });

const press = (page: Page | Locator, name: string | RegExp) =>
  page
    .getByRole("button", { name, exact: typeof name === "string" })
    .first()
    .click();

/** The pictures of the gallery. */
const grid = (page: Page) => page.getByRole("listbox", { name: "Pictures" });

/** Open or fold a group of Create's settings. */
const fold = (page: Page, title: string) => page.locator("summary", { hasText: title }).click();

async function choose(page: Page, label: string, option: string): Promise<void> {
  await page.getByRole("button", { name: new RegExp(`^${label}`) }).click();
  await page.getByRole("option", { name: new RegExp(`^${option}`) }).click();
}

async function allDone(): Promise<void> {
  const left = async () => {
    const { queued, running } = await asked<{ queued: number; running: number }>("queue");
    return queued + running;
  };
  await eventually(async () => (await left()) === 0, 180_000);
}

/** Pictures of many things, so that there is something to look at. */
async function fill(): Promise<JobAnswer[]> {
  const things = {
    rocket: ["black", "blue"],
    pizza: ["red", "white"],
    ghost: ["black", "pink"],
    house: ["light blue", "green"],
    fish: ["light blue", "white"],
    sunflower: ["black", "white"],
    strawberry: ["light blue", "white"],
    robot: ["white", "blue"],
    panda: ["pink", "green", "light blue"],
    dog: ["green", "light blue"],
    cat: ["pink", "blue"],
  };
  const all: JobAnswer[] = [];
  for (const [thing, colours] of Object.entries(things))
    for (const colour of colours)
      all.push(...(await made(`a ${thing} on a ${colour} background`, { seed: 40 + all.length, steps: 20 })));
  return all;
}

it(
  "Create: the first visit, a picture on its way, and one that is done",
  async () => {
    const { page, context } = await visit(browser, inject("url"));
    await page.getByText("Say what you want to see").waitFor();
    await keep(page, "create-first");
    await made("a rocket on a black background", { seed: 5, steps: 20 });
    await made("a panda on a green background", { seed: 3, steps: 20 });
    await made("a picture of a cat", { seed: 7, steps: 20 });
    await choose(page, "Checkpoint", "sketch-256");
    await fold(page, "Seed");
    await page.getByLabel("Which seed").selectOption({ label: "Always the same" });
    await page.getByRole("spinbutton", { name: "Seed", exact: true }).fill("1");
    await fold(page, "Seed");
    await page.getByRole("spinbutton", { name: "How many" }).fill("3");
    await words(page).fill("a sunflower on a blue background");
    await fold(page, "Steps and sampler");
    await page.getByRole("spinbutton", { name: "Steps" }).fill("30");
    await press(page, /^Make/);
    await page.getByText(/Step (1[5-9]|2\d) of 30/).waitFor({ timeout: 120_000 });
    await keep(page, "create-developing");
    await allDone();
    const sunflowers = page
      .getByRole("region", { name: "Results" })
      .getByRole("button", { name: "a sunflower on a blue background" });
    await eventually(async () => (await sunflowers.count()) === 3);
    await sunflowers.last().click();
    await page.getByRole("button", { name: "More like this" }).waitFor();
    await keep(page, "create-done");
    await context.close();
  },
  LONG,
);

it(
  "Create: painting what is to change, on a light page, and on a phone",
  async () => {
    const { page, context } = await visit(browser, inject("url"));
    await fold(page, "Start from a picture");
    const [chooser] = await Promise.all([
      page.waitForEvent("filechooser"),
      press(page.getByRole("region", { name: "Settings" }), "Choose…"),
    ]);
    await chooser.setFiles(CAT);
    await press(page, "Paint a mask");
    const dialog = page.getByRole("dialog");
    const canvas = dialog.locator("canvas").last();
    await canvas.waitFor();
    await page.waitForTimeout(500); // the picture is fitted into the window
    const box = await canvas.boundingBox();
    if (!box) throw new Error("the canvas is not there");
    const at = (x: number, y: number) => [box.x + box.width * x, box.y + box.height * y] as const;
    await page.mouse.move(...at(0.46, 0.6));
    await page.mouse.down();
    for (let x = 0.46; x <= 0.54; x += 0.01) await page.mouse.move(...at(x, 0.6));
    await page.mouse.up();
    await keep(page, "create-mask");
    await press(dialog, "Use this mask");
    await page.getByRole("img", { name: "The mask" }).waitFor();
    await context.close();

    await made("a picture of a cat", { seed: 12, steps: 20 });
    const light = await visit(browser, inject("url"), { theme: "light" });
    await words(light.page).fill("a picture of a cat, (orange:1.2)");
    await fold(light.page, "Steps and sampler");
    await light.page.getByRole("button", { name: "More like this" }).waitFor();
    await keep(light.page, "create-light");
    await light.context.close();

    const phone = await visit(browser, inject("url"), { size: PHONE });
    await words(phone.page).fill("a picture of a cat");
    await phone.page.getByRole("button", { name: "More like this" }).waitFor();
    await keep(phone.page, "create-phone");
    await phone.context.close();
  },
  LONG,
);

it(
  "Gallery: all pictures, one of them, and two beside one another",
  async () => {
    const jobs = await fill();
    const ids = jobs.flatMap(({ outputs }) => outputs.flatMap(({ asset }) => asset?.id ?? []));
    const some = (thing: string) =>
      jobs
        .filter(({ title }) => title.includes(thing))
        .flatMap(({ outputs }) => outputs.flatMap(({ asset }) => asset?.id ?? []));
    await asked("assets/change", { assets: [...some("panda"), ids[0], ids.at(-1)], favourite: true });
    await asked("assets/change", { assets: [...some("cat"), ...some("dog")], add_tags: ["animals"] });
    await asked("assets/change", { assets: some("rocket"), add_tags: ["space"] });
    for (const [name, things] of Object.entries({
      "For the nursery": ["panda", "fish"],
      Stickers: ["pizza", "ghost"],
    })) {
      const { id } = await asked<{ id: string }>("collections", { name });
      await asked(`collections/${id}/add`, { assets: things.flatMap(some) });
    }
    const { page, context } = await visit(browser, inject("url"), { place: "#/gallery" });
    await grid(page).getByRole("option").nth(20).waitFor();
    await keep(page, "gallery");
    await page.getByRole("option", { name: "a panda on a pink background" }).click();
    await page.getByText("Sampler", { exact: true }).waitFor();
    await keep(page, "gallery-picture");
    await page.goto(`${inject("url")}/#/gallery`);
    for (const name of ["a picture of a cat", "a cat on a blue background"])
      await page
        .getByRole("option", { name })
        .first()
        .click({ modifiers: ["Control"] });
    await press(page, "Compare");
    await page.getByRole("complementary", { name: "Differences" }).getByText("Seed").waitFor();
    await keep(page, "gallery-compare");
    await context.close();

    const light = await visit(browser, inject("url"), { theme: "light", place: "#/gallery/words=cat" });
    await grid(light.page).getByRole("option").first().waitFor();
    await keep(light.page, "gallery-light");
    await light.context.close();

    const phone = await visit(browser, inject("url"), { size: PHONE, place: "#/gallery" });
    await grid(phone.page).getByRole("option").nth(5).waitFor();
    await keep(phone.page, "gallery-phone");
    await phone.context.close();
  },
  LONG,
);

it(
  "Models: the files, one of them, and what is missing",
  async () => {
    const { page, context } = await visit(browser, inject("url"), { place: "#/models" });
    for (const [name, about, tag] of [
      ["sketch-256.safetensors", "Rough sketches of about 1800 things. 25 steps, CFG 6.", "sketch"],
      ["starter-128.safetensors", "Sixteen things on eight backgrounds. Quick.", "starter"],
    ] as const) {
      await page.getByRole("button", { name }).or(page.getByRole("link", { name })).first().click();
      const panel = page.getByRole("complementary", { name });
      await press(panel, "Use the newest one");
      await panel.getByLabel("Notes").fill(about);
      await panel.getByLabel("Add a tag").fill(tag);
      await panel.getByLabel("Add a tag").press("Enter");
      await panel.getByText("Saved", { exact: true }).waitFor();
    }
    await keep(page, "models");
    await saveWithMissing();
    await page.goto(`${inject("url")}/#/models/tab=missing`);
    await page.getByText("is named by saved workflows").waitFor();
    await keep(page, "models-missing");
    await context.close();
  },
  LONG,
);

/** A saved workflow that names a checkpoint which is not there. */
async function saveWithMissing(): Promise<void> {
  const { editor } = await asked<{ editor: unknown }>("templates/text-to-image");
  const text = JSON.stringify(editor).replaceAll("starter-128.safetensors", "sketch-512.safetensors");
  await asked("workflows", { name: "Postcards", document: JSON.parse(text) });
}

it(
  "Explore: a plan, its grid, and one picture of it",
  async () => {
    const { page, context } = await visit(browser, inject("url"), { place: "#/explore" });
    await press(page, "Steps × CFG");
    const values = page.getByLabel("Values, separated by commas");
    await values.nth(0).fill("2, 4, 8, 16");
    await values.nth(1).fill("1, 4, 8");
    await page.getByText(/12 pictures/).waitFor();
    await page.getByRole("heading", { name: "Explore" }).scrollIntoViewIfNeeded();
    await keep(page, "explore-plan");
    await press(page, "Make the grid");
    await page.getByText(/All done/).waitFor({ timeout: 180_000 });
    await keep(page, "explore-grid");
    await page.locator('[data-cell="2,1"]').click();
    await page.getByRole("dialog").getByText("All settings").waitFor();
    await keep(page, "explore-picture");
    await context.close();
  },
  LONG,
);

it(
  "Graph: a workflow that has run, adding nodes, what is missing, and a form",
  async () => {
    const { page, context } = await visit(browser, inject("url"), { place: "#/graph" });
    await dropDocument(page, textToImage({ steps: 20, seed: 21 }), "A cat.json");
    await run(page);
    await shown(nodeTitled(page, "Save Image").getByRole("img").first());
    await allDone();
    await press(page, "Show everything");
    await keep(page, "graph");

    await press(page, "Add a node");
    await page.getByRole("combobox", { name: "Add a node" }).fill("upscale");
    await keep(page, "graph-add");
    await page.getByRole("combobox", { name: "Add a node" }).press("Escape");
    await pull(page, socket(nodeTitled(page, "VAE Decode"), "out:0"), [760, 660]);
    await page.getByRole("combobox", { name: /^Nodes for/ }).waitFor();
    await keep(page, "graph-fitting");
    await page.getByRole("combobox", { name: /^Nodes for/ }).press("Escape");

    await press(page, "Form");
    const panel = page.getByRole("complementary").filter({ hasText: "Link to the form" });
    for (const [node, ...settings] of [
      ["Prompt", "text"],
      ["Sampler", "seed", "steps"],
    ] as const) {
      await nodeTitled(page, node).getByText(node, { exact: true }).first().click();
      for (const setting of settings) await panel.getByRole("switch", { name: setting, exact: true }).click();
    }
    await press(panel, "Save as…");
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name of the workflow").fill("A cat");
    await press(dialog, "Save");
    await panel.getByRole("button", { name: "Open as form" }).waitFor();
    await keep(page, "graph-form");
    await press(panel, "Open as form");
    await page.getByRole("heading", { name: "A cat" }).waitFor();
    await press(page, "Make");
    await page
      .getByRole("img", { name: /picture|Picture/ })
      .first()
      .waitFor();
    await allDone();
    await keep(page, "form");

    await page.goto(`${inject("url")}/#/graph`);
    await page.getByRole("button", { name: "Form", exact: true, pressed: true }).click();
    const document = textToImage({ steps: 20 });
    savedNode(document, "CheckpointLoaderSimple").widgets_values = ["sketch-512.safetensors"];
    await dropDocument(page, document, "Postcards.json");
    await page.getByText("sketch-512.safetensors is not in").waitFor();
    await press(page, "Show everything");
    await keep(page, "graph-missing");
    await context.close();
  },
  LONG,
);

it(
  "Looking inside: the words, the steps, the plan and the latent of a picture",
  async () => {
    const [job] = await made("a panda on a green background", {
      seed: 3,
      steps: 20,
      checkpoint: "sketch-256.safetensors",
    });
    const asset = job?.outputs.find((output) => output.asset)?.asset?.id ?? "";
    const place = `#/tray/${asset}`;
    const { page, context } = await visit(browser, inject("url"), { place });
    await press(page, "panda");
    await keep(page, "words", "tray");
    await page.getByRole("tab", { name: "The steps" }).click();
    await page.getByRole("slider", { name: /^Step/ }).press("Home");
    for (let step = 1; step < 8; step++) await page.keyboard.press("ArrowRight");
    await keep(page, "steps", "tray");
    await page.getByRole("tab", { name: "The plan" }).click();
    await press(page, "Show other schedulers");
    await page.getByRole("button", { name: "karras", pressed: true }).waitFor();
    await keep(page, "plan", "tray");
    await page.getByRole("tab", { name: "Latent space" }).click();
    await keep(page, "latent", "tray");
    await page.getByRole("tab", { name: "The checkpoint" }).click();
    await page.getByRole("button", { name: /^denoiser / }).waitFor();
    await keep(page, "checkpoint", "tray");
    await context.close();
    const phone = await visit(browser, inject("url"), { place, size: PHONE, theme: "light" });
    await press(phone.page, "green");
    await keep(phone.page, "phone", "tray");
    await phone.context.close();
  },
  LONG,
);

it(
  "Looking inside: through the VAE and back, between two prompts, and the forward process",
  async () => {
    const [job] = await made("a panda on a green background", {
      seed: 3,
      steps: 20,
      checkpoint: "sketch-256.safetensors",
    });
    const asset = job?.outputs.find((output) => output.asset)?.asset?.id ?? "";
    const { page, context } = await visit(browser, inject("url"), { place: `#/tray/${asset}` });
    const part = (name: string) => page.getByRole("region", { name, exact: true });
    const top = (name: string) => part(name).evaluate((element) => element.scrollIntoView());
    await page.getByRole("tab", { name: "Latent space" }).click();
    await press(page, "Send it there and back");
    await page.getByRole("img", { name: "What came back" }).waitFor();
    await top("There and back");
    await keep(page, "back", "tray");
    await press(page, "Two prompts");
    await page.getByRole("textbox", { name: "The other prompt" }).fill("a cat on a purple background");
    await press(page, "Make the frames");
    const frame = page.getByRole("slider", { name: /^Frame/ });
    await frame.waitFor({ timeout: LONG });
    for (let step = 1; step < 3; step++) await frame.press("ArrowRight");
    await top("Between two");
    await keep(page, "between", "tray");
    await page.getByRole("tab", { name: "The forward process" }).click();
    await press(page, "Show it");
    const level = page.getByRole("slider", { name: /^Level/ });
    await level.waitFor({ timeout: LONG });
    for (let step = 4; step < 6; step++) await level.press("ArrowRight");
    await page.getByRole("img", { name: /^Its guess of the picture/ }).evaluate((image) => {
      image.scrollIntoView();
      image.closest('[role="tabpanel"]')?.scrollBy(0, -12);
    });
    await keep(page, "forward", "tray");
    await context.close();
  },
  LONG,
);

it(
  "Comparison: two checkpoints beside one another",
  async () => {
    const [job] = await made("a panda on a green background", { seed: 3, steps: 20 });
    const asset = job?.outputs.find((output) => output.asset)?.asset?.id ?? "";
    const { page, context } = await visit(browser, inject("url"), { place: `#/tray/${asset}` });
    await page.getByRole("tab", { name: "The checkpoint" }).click();
    await press(page, "Compare them");
    await page.getByText(/^How far/).waitFor();
    await page.getByRole("region", { name: "Beside another checkpoint" }).evaluate((part) => {
      part.scrollIntoView({ block: "start" });
    });
    await keep(page, "compare", "tray");
    await context.close();
  },
  LONG,
);

it(
  "Map: pictures by what they show",
  async () => {
    await fill();
    await eventually(async () => (await asked<{ waiting: number }>("clip")).waiting === 0, LONG);
    const { page, context } = await visit(browser, inject("url"), { place: "#/gallery/map=1" });
    await page.getByRole("application", { name: "Pictures as a map" }).waitFor();
    await page.waitForTimeout(2000); // thumbnails come a few at a time
    await keep(page, "map", "gallery");
    await context.close();
  },
  LONG,
);

it(
  "Settings: how it looks, and its keys",
  async () => {
    const { page, context } = await visit(browser, inject("url"), { place: "#/settings" });
    await page.getByText("As in a darkroom").waitFor();
    await keep(page, "settings");
    await page.goto(`${inject("url")}/#/settings/device`);
    await page.getByText("How much stays on the device").waitFor();
    await keep(page, "settings-device");
    await context.close();
    const light = await visit(browser, inject("url"), { theme: "light", place: "#/settings/shortcuts" });
    await light.page.getByText("Make the picture").waitFor();
    await keep(light.page, "settings-shortcuts");
    await light.context.close();
  },
  LONG,
);

// last, so that no other picture has to do with what it makes
it(
  "Training: preparing a run, watching it, and what comes of it",
  async () => {
    const home = inject("home");
    const folder = join(home, "input/training/zorb");
    execFileSync(PYTHON, ["-m", "tests.training.drawing", folder], { cwd: ROOT });
    const { page, context } = await visit(browser, inject("url"), { place: "#/training/new" });
    await page.getByRole("textbox", { name: "Name" }).fill("zorb");
    await page.getByRole("textbox", { name: "Trigger word" }).fill("zorb");
    await press(page, /Take pictures that are there already/);
    await page.getByRole("option", { name: /^training\/zorb/ }).click();
    await page.getByRole("heading", { name: "12 pictures" }).waitFor();
    await keep(page, "training-new");
    await page.getByRole("spinbutton", { name: "Steps" }).fill("400");
    await page.getByText("All settings").click();
    await page.getByRole("group", { name: "Samples" }).getByLabel("Every so many steps").fill("50");
    await press(page, "Begin");
    await page.getByRole("button", { name: "“zorb” after step 250" }).waitFor({ timeout: LONG / 2 });
    await keep(page, "training-run");
    const phone = await visit(browser, inject("url"), {
      size: PHONE,
      theme: "light",
      place: "#/training/run/zorb",
    });
    await phone.page.getByRole("button", { name: "“zorb” after step 250" }).waitFor();
    await keep(phone.page, "training-phone");
    await phone.context.close();
    await page.getByRole("button", { name: "Compare strengths" }).click({ timeout: LONG / 2 });
    await press(page, "Make the grid");
    await page.getByText(/All done/).waitFor({ timeout: 180_000 });
    await keep(page, "training-strengths");
    await context.close();
  },
  LONG,
);
