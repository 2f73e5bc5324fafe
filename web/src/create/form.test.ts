import { describe, expect, it } from "vitest";
import { Digits, formatJson, type Json, parseJson } from "@/graph/json";
import { type Picture, pictureNamed } from "@/pictures/picture";
import { BLANK, type Form, nthOf, restored, wishOf, withWish } from "./form";

const NATIVE = { width: 512, height: 512 };
const PICTURE: Picture = {
  id: "a".repeat(32),
  name: "a.png",
  url: "/a",
  thumbnail: null,
  width: 640,
  height: 480,
};
const ask = (form: Partial<Form>) => wishOf({ ...BLANK, ...form }, "some.safetensors", NATIVE, () => 7);

describe("a wish", () => {
  it("leaves to the checkpoint what nobody has changed", () => {
    const { steps, cfg, sampler, scheduler, width, height, clip_skip } = ask({ prompt: "a cat" });
    expect([steps, cfg, sampler, scheduler, width, height, clip_skip]).toEqual(Array(7).fill(null));
  });

  it("has a seed that was drawn, so that it is known afterwards", () => {
    expect(ask({}).seed).toBe(7);
    expect(ask({ seed: { mode: "locked", value: 3, strength: 0.2, other: null } }).seed).toBe(3);
  });

  it("of a large seed keeps all its digits, through the browser's memory too", () => {
    const large = new Digits("18446744073709551600");
    const form = withWish(BLANK, { seed: large as unknown as number });
    expect(formatJson(parseJson(formatJson(form.seed as unknown as Json)))).toContain("18446744073709551600");
    expect(restored(form).seed.value).toEqual(large);
    expect(String(nthOf(ask({ seed: form.seed }), 3).seed)).toBe("18446744073709551603");
  });

  it("mixes a drawn seed into a locked one for a variation", () => {
    const { seed, variation } = ask({ seed: { mode: "variation", value: 3, strength: 0.2, other: null } });
    expect([seed, variation]).toEqual([3, { seed: 7, strength: 0.2 }]);
  });

  it("makes one variation again, where that is wanted", () => {
    const wish = ask({ seed: { mode: "variation", value: 3, strength: 0.2, other: 11 } });
    expect(wish.variation).toEqual({ seed: 11, strength: 0.2 });
    expect(withWish(BLANK, wish).seed).toMatchObject({ value: 3, other: 11 });
  });

  it("has the size of a shape near that of the checkpoint", () => {
    const { width, height } = ask({ size: { shape: "16:9" } });
    expect([width, height]).toEqual([704, 384]);
  });

  it("names LoRAs that are on, and no others", () => {
    const loras = [
      { name: "a", strength: 0.5, on: true },
      { name: "b", strength: 1, on: false },
    ];
    expect(ask({ loras }).loras).toEqual([{ name: "a", strength: 0.5 }]);
  });

  it("leaves aside a guide without a picture or a model", () => {
    const guide = { model: "canny", picture: PICTURE, strength: 1, start: 0, end: 1, preprocess: "canny" };
    const guides = [guide, { ...guide, picture: null }, { ...guide, model: "" }];
    expect(ask({ guides }).controls).toHaveLength(1);
  });

  it("speaks of denoise and a mask only where there is a picture to start from", () => {
    const { denoise, mask, init_image } = ask({ denoise: 0.5, mask: PICTURE });
    expect([denoise, mask, init_image]).toEqual([null, null, null]);
    expect(ask({ denoise: 0.5, start: PICTURE }).denoise).toBe(0.5);
  });

  it("paints the whole picture where it is continued past its edges", () => {
    const sides = { left: 0, top: 0, right: 64, bottom: 0 };
    const form = { start: PICTURE, mask: PICTURE, outpaint: sides, area: "masked" } as const;
    expect(ask(form).inpaint_area).toBe("whole");
  });

  it("becomes one of its pictures with the seed counted up", () => {
    const wish = ask({ count: 4, seed: { mode: "locked", value: 3, strength: 0.2, other: null } });
    expect(nthOf(wish, 2)).toMatchObject({ seed: 5, count: 1 });
    const varied = ask({ count: 4, seed: { mode: "variation", value: 3, strength: 0.2, other: null } });
    expect(nthOf(varied, 2)).toMatchObject({ seed: 3, variation: { seed: 9 } });
  });
});

describe("the form", () => {
  it("is the same after it went through a wish", () => {
    const form: Form = {
      ...BLANK,
      prompt: "a cat",
      negative: "a dog",
      checkpoint: "some.safetensors",
      size: { width: 640, height: 384 },
      steps: 12,
      cfg: 4,
      sampler: "euler",
      scheduler: "karras",
      seed: { mode: "locked", value: 5, strength: 0.25, other: null },
      count: 3,
      loras: [{ name: "a", strength: 0.5, on: true }],
      start: PICTURE,
      denoise: 0.6,
      outpaint: { left: 8, top: 0, right: 0, bottom: 16 },
      enlarge: { by: 2, denoise: 0.4, model: null },
    };
    expect(withWish(form, ask(form))).toEqual(form);
  });

  it("keeps what a wish does not speak of", () => {
    const form: Form = { ...BLANK, prompt: "a cat", steps: 12, start: PICTURE };
    expect(withWish(form, { checkpoint: "other" })).toEqual({ ...form, checkpoint: "other" });
  });

  it("loses the mask of one picture when another is given", () => {
    const form: Form = { ...BLANK, start: PICTURE, mask: PICTURE };
    expect(withWish(form, { init_image: "b.png" })).toMatchObject({ mask: null, start: { name: "b.png" } });
  });

  it("comes back as it was kept", () => {
    const form: Form = {
      ...BLANK,
      prompt: "a cat",
      size: { shape: "3:2" },
      loras: [{ name: "a", strength: 1, on: true }],
    };
    expect(restored(JSON.parse(JSON.stringify(form)))).toEqual(form);
  });

  it("is blank where what was kept is no form", () => {
    expect(restored(null)).toEqual(BLANK);
    expect(restored({ prompt: 3, loras: "x", seed: { mode: "locked" }, count: null })).toEqual(BLANK);
  });
});

describe("a picture known by its name alone", () => {
  it("is shown from its folder", () => {
    expect(pictureNamed("sub/a.png [output]").url).toBe("/api/view?filename=a.png&subfolder=sub&type=output");
    expect(pictureNamed("a.png").url).toBe("/api/view?filename=a.png&subfolder=&type=input");
  });

  it("is an asset where it is an id", () => {
    expect(pictureNamed(PICTURE.id).url).toBe(`/api/v1/assets/${PICTURE.id}/file`);
  });
});
