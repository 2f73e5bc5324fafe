import { expect, it } from "vitest";
import { wishOf } from "./doing";

const run = (result: string | null, prompts: readonly string[] = [], trigger = "zorb") =>
  ({
    result,
    prompts,
    settings: { data: { trigger }, checkpoint: "base.safetensors" },
  }) as unknown as Parameters<typeof wishOf>[0];

it("a LoRA is used at full strength, with its trigger", () => {
  expect(wishOf(run("loras/zorb.safetensors", ["zorb", "a zorb on white"]))).toEqual({
    prompt: "a zorb on white",
    checkpoint: "base.safetensors",
    loras: [{ name: "zorb.safetensors", strength: 1 }],
  });
  expect(wishOf(run("loras/zorb.safetensors", ["a cat"]))?.prompt).toBe("zorb");
  expect(wishOf(run("loras/zorb.safetensors", ["a cat"], ""))).not.toHaveProperty("prompt");
});

it("a word takes the place of its trigger, and a checkpoint that of the one it was made from", () => {
  expect(wishOf(run("embeddings/zorb.safetensors", ["a zorb on white"]))?.prompt).toBe(
    "a embedding:zorb on white",
  );
  expect(wishOf(run("embeddings/zorb.safetensors", [], ""))?.prompt).toBe("embedding:zorb");
  expect(wishOf(run("checkpoints/zorb.safetensors"))).toMatchObject({
    checkpoint: "zorb.safetensors",
    loras: [],
  });
});

it("what is not there yet, or has no place in Create, is not offered", () => {
  expect(wishOf(run(null))).toBeNull();
  expect(wishOf(run("clip_vision/zorb.safetensors"))).toBeNull();
});
