import { describe, expect, it } from "vitest";
import { saidIn, type Tables } from "./said";
import catalog from "./zh/catalog.json";
import made from "./zh/made.json";
import sentences from "./zh/sentences.json";

const TABLES: Tables = {
  titles: { "Load Checkpoint": "加载检查点", Empty: "空" },
  made: { Prompt: "提示词" },
  categories: { sampling: "采样", custom_sampling: "自定义采样" },
  names: { sampler_name: "采样器", steps: "步数" },
  texts: { "Loads a model.": "加载模型。" },
  sentences: {
    "It is missing.": "缺少此项。",
    "{} is {}.": "{1} 是 {2}。",
    "{} is empty.": "{1} 是空的。",
    "a web page": "网页",
    "There is no {} in the folder {}.": "文件夹 {2} 中没有 {1}。",
    "Did you mean {}?": "您是否想用 {1}？",
    "Link it to that of {}.": "请连接到“{1}”。",
    "{} was refused: it asks for {}. It was not run.": "{1} 被拒绝：它要求 {2}。它没有被运行。",
    "{} is {} now, and was {}.": "“{1.name}”现在是 {2}，之前是 {3}。",
  },
};

describe("what the server says", () => {
  const { text, title, made, name, category } = saidIn(TABLES);

  it("stays as it is in English", () => {
    const english = saidIn(null);
    expect(english.text("It is missing.")).toBe("It is missing.");
    expect(english.name("sampler_name")).toBe("sampler name");
    expect(english.category("sampling/custom_sampling")).toBe("sampling/custom_sampling");
  });

  it("is found as a whole", () => {
    expect(text("It is missing.")).toBe("缺少此项。");
    expect(text("Loads a model.")).toBe("加载模型。");
    expect(title("Load Checkpoint")).toBe("加载检查点");
    expect(category("sampling/custom_sampling/own")).toBe("采样/自定义采样/own");
  });

  it("has titles that the program wrote into a workflow, and leaves those of people", () => {
    expect(made("Prompt")).toBe("提示词");
    expect(made("My prompt")).toBe("My prompt");
  });

  it("is found by what stands around the values, which keep their own order", () => {
    expect(text("There is no a.ckpt in the folder vae.")).toBe("文件夹 vae 中没有 a.ckpt。");
  });

  it("is found by the template with the most words", () => {
    expect(text("a.ckpt is empty.")).toBe("a.ckpt 是空的。");
  });

  it("has its values said too, where they are words", () => {
    expect(text("a.ckpt is a web page.")).toBe("a.ckpt 是网页。");
    expect(text("Link it to that of Load Checkpoint.")).toBe("请连接到“加载检查点”。");
    expect(text("sampler_name is 30 now, and was 20.")).toBe("“采样器”现在是 30，之前是 20。");
    expect(text("shift_by is 30 now, and was 20.")).toBe("“shift by”现在是 30，之前是 20。");
  });

  it("is split into sentences", () => {
    expect(text("There is no a in the folder b. Did you mean c?")).toBe("文件夹 b 中没有 a。您是否想用 c？");
    expect(text("x was refused: it asks for os. It was not run.")).toBe(
      "x 被拒绝：它要求 os。它没有被运行。",
    );
    expect(text("It is missing.\nLoads a model.")).toBe("缺少此项。\n加载模型。");
  });

  it("stays English where nobody has translated it", () => {
    expect(text("A plugin wrote this.")).toBe("A plugin wrote this.");
    expect(text("The weather is rather nice.")).toBe("The weather is rather nice.");
    expect(text("A plugin wrote this. It is missing.")).toBe("A plugin wrote this. 缺少此项。");
    expect(title("constructor")).toBe("constructor");
    expect(name("my_input")).toBe("my input");
  });

  it("does not take a name that ends in a full stop apart", () => {
    expect(text("There is no V. Big in the folder b.")).toBe("文件夹 b 中没有 V. Big。");
  });
});

describe("the Chinese for it", () => {
  it("puts in every value of a sentence, once or more", () => {
    for (const [english, chinese] of Object.entries(sentences)) {
      const places = [
        ...new Set([...chinese.matchAll(/\{(\d+)(?:\.name)?\}/g)].map(([, place]) => Number(place))),
      ];
      const wanted = english
        .split("{}")
        .slice(1)
        .map((_, at) => at + 1);
      expect(
        places.sort((one, two) => one - two),
        english,
      ).toEqual(wanted);
    }
  });

  it("is not left empty", () => {
    for (const [room, words] of Object.entries({ ...catalog, made, sentences }))
      for (const [english, chinese] of Object.entries(words))
        expect(chinese.trim(), `${room}: ${english}`).not.toBe("");
  });

  it("says a refusal whole, which holds sentences and names of others", () => {
    const { text } = saidIn({ ...catalog, made, sentences });
    expect(
      text(
        'KSampler (node 3), input steps: "many" is not a whole number. Give a whole number, such as 20. (8 problems in all)',
      ),
    ).toBe('KSampler 采样器（节点 3），输入“步数”："many" 不是整数。请输入整数，例如 20。（共 8 个问题）');
  });

  it("says a sentence of each kind", () => {
    const { text } = saidIn({ ...catalog, made, sentences });
    expect(text("SDXL inpainting checkpoint, v-prediction, zero terminal SNR")).toBe(
      "SDXL 局部重绘检查点，v 预测，零终端信噪比",
    );
    expect(text("a LoRA for SD 1.x, LoCon")).toBe("用于 SD 1.x 的 LoRA，LoCon");
    expect(text("Link it to an output of type MODEL, such as that of Load Checkpoint.")).toContain(
      "加载检查点",
    );
  });
});
