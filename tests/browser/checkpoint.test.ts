import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { asked, made } from "./asking";
import { expectAccessible, openBrowser, PHONE, visit } from "./browsing";

const LORA = "touching.safetensors";
const TOUCHED = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k";
const SIDE = 128; // of that weight in the starter's checkpoint
const RANK = 2;

let browser: Browser;
let plain: string;
let changed: string;
beforeAll(async () => {
  browser = await openBrowser();
  const { folders } = await asked<{ folders: { folder: string; paths: string[] }[] }>("settings");
  const [place = "nowhere"] = folders.find(({ folder }) => folder === "loras")?.paths ?? [];
  writeFileSync(join(place, LORA), lora());
  const picture = async (more: Record<string, unknown>) => {
    const [job] = await made("a cat on a blue background", { seed: 8, ...more });
    return job?.outputs.find((output) => output.asset)?.asset?.id ?? "";
  };
  plain = await picture({});
  changed = await picture({ loras: [{ name: LORA, strength: 0.5 }] });
});
afterAll(() => browser.close());

/** A small LoRA: of each tensor the name, the type and the shape, then all numbers. */
function lora(): Buffer {
  const tensors: [name: string, shape: [number, number]][] = [
    [`${TOUCHED}.lora_up.weight`, [SIDE, RANK]],
    [`${TOUCHED}.lora_down.weight`, [RANK, SIDE]],
    ["lora_unet_nowhere.lora_up.weight", [SIDE, RANK]],
    ["lora_unet_nowhere.lora_down.weight", [RANK, SIDE]],
  ];
  let end = 0;
  const header = Object.fromEntries(
    tensors.map(([name, shape]) => {
      const begin = end;
      end += shape[0] * shape[1] * 4;
      return [name, { dtype: "F32", shape, data_offsets: [begin, end] }];
    }),
  );
  const numbers = Float32Array.from({ length: end / 4 }, (_, place) => Math.sin(place) / 5);
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([size, text, Buffer.from(numbers.buffer)]);
}

it("two checkpoints are compared part by part, and the areas take the colour of their difference", async () => {
  const { page, context, complaints } = await visit(browser, inject("url"), { place: `#/tray/${plain}` });
  await page.getByRole("tab", { name: "The checkpoint" }).click();
  await page.getByRole("button", { name: /^Other checkpoint/ }).click();
  await page.getByRole("option", { name: "sketch-256.safetensors" }).click();
  await page.getByRole("button", { name: "Compare them" }).click();
  const vae = page.getByRole("region", { name: "VAE" });
  await vae.getByText(/^The same: none of its \d+ layers has changed/).waitFor();
  const encoder = page.getByRole("region", { name: "text encoder CLIP L" });
  await encoder.getByText(/^Differs by/).waitFor();
  const blocks = () => encoder.locator("summary").allInnerTexts();
  const strongest = await blocks();
  await page.getByLabel("Order").selectOption({ label: "As in the file" });
  const inFile = await blocks();
  expect(inFile).not.toEqual(strongest);
  expect([...inFile].sort()).toEqual([...strongest].sort());
  await encoder.locator("summary").first().click();
  await encoder.getByText("token_embedding").waitFor();
  await page.getByRole("button", { name: /^text encoder CLIP L .*differs by/ }).waitFor();
  await expectAccessible(page, "compared");
  await page.getByLabel("Colour by difference").click();
  await page.getByRole("button", { name: /^text encoder CLIP L \S+ numbers$/ }).click();
  await page.getByRole("button", { name: "Make it again" }).first().click();
  await page.getByRole("img", { name: "sketch-256.safetensors" }).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

it("what a LoRA touches is told by blocks, and the picture is made with another strength", async () => {
  const { page, context } = await visit(browser, inject("url"), { place: `#/tray/${changed}`, size: PHONE });
  await page.getByRole("tab", { name: "The checkpoint" }).click();
  await page.getByText("This picture was made with it, at a strength of 0.5.").waitFor();
  await page.getByRole("button", { name: "Show what it touches" }).click();
  const denoiser = page.getByRole("region", { name: "denoiser" });
  await denoiser.getByText(/^1 weight, changed by \d/).waitFor();
  await denoiser.locator("summary").click();
  await denoiser.getByText("transformer_blocks.0.attn2.to_k.weight").waitFor();
  await page.getByText("2 parts of it fit nothing in this checkpoint").click();
  await page.getByText("lora_unet_nowhere.lora_up.weight").waitFor();
  await expect
    .poll(() => page.evaluate(() => document.documentElement.scrollWidth))
    .toBeLessThanOrEqual(PHONE.width);
  await expectAccessible(page, "lora");
  const strength = page.getByRole("region", { name: "What a LoRA touches" });
  await strength.getByRole("spinbutton", { name: "Strength" }).fill("1.5");
  await strength.getByRole("button", { name: "Make it again" }).click();
  await page.getByRole("img", { name: "Strength 1.5" }).waitFor();
  await context.close();
});

it("the areas of a file are in Models too", async () => {
  const { page, context } = await visit(browser, inject("url"), { place: "#/models" });
  await page.getByText("starter-128.safetensors").first().click();
  await page.getByRole("button", { name: "What is in it" }).click();
  const dialog = page.getByRole("dialog", { name: "What is in it" });
  await dialog.getByRole("button", { name: /^denoiser / }).click();
  await dialog.getByRole("button", { name: /^middle_block / }).waitFor();
  await expectAccessible(page, "what is in it");
  await context.close();
});
