import { describe, expect, it } from "vitest";
import { heat, heatPixels, latentPixels } from "./colours";
import { logSnr, placesOfCalls } from "./plan";
import { attentionOf, contrastOf, measured, readRecording, sharesOf } from "./recording";
import { nearest, ticksOf } from "./ticks";

/** A file of two steps, one picture, two channels of 1 × 2 cells, and two tokens. */
function file(attention = Uint8Array.of(255, 0, 0, 0, 51, 0, 204, 255)): ArrayBuffer {
  const halves = (values: readonly number[]) => {
    const known = new Map([
      [0, 0],
      [1, 0x3c00],
      [-2, 0xc000],
      [0.5, 0x3800],
    ]);
    return Uint16Array.from(values, (value) => known.get(value) ?? 0);
  };
  const rms = () => ["F32", [2, 1], Float32Array.of(3, 1)] as const;
  const arrays: Record<
    string,
    readonly [string, readonly number[], Uint8Array | Uint16Array | Int32Array | Float32Array]
  > = {
    attention: ["U8", [2, 1, 2, 1, 2], attention],
    noisy: ["F16", [2, 1, 2, 1, 2], halves([1, 0, 0, 0, 1, 0, 0, 0])],
    denoised: ["F16", [2, 1, 2, 1, 2], halves([1, -2, 0.5, 0, 0, 0, 0, 0])],
    guidance: ["F16", [2, 1, 2, 1, 2], halves([0.5, 0, 0, 0, 0, 0, 0, 0])],
    sigmas: ["F32", [3], Float32Array.of(10, 2, 0)],
    step_sigmas: ["F32", [2], Float32Array.of(10, 2)],
    calls: ["F32", [3], Float32Array.of(10, 6, 2)],
    call_steps: ["I32", [3], Int32Array.of(0, 0, 1)],
    noisy_rms: rms(),
    denoised_rms: rms(),
    guidance_rms: rms(),
    change_rms: rms(),
  };
  const head = {
    family: "SD 1.x",
    prediction: "eps",
    flow: true,
    cfg: 5,
    height: 1,
    width: 2,
    cell: 8,
    rgb_factors: [
      [1, 0, 0],
      [0, 1, 0],
    ],
    rgb_bias: [0, 0, 0.5],
  };
  const header: Record<string, unknown> = {
    __metadata__: { head: JSON.stringify(head), attention_top: "0.5", format: "safelight recording 1" },
  };
  const bytes: number[] = [];
  for (const [name, [dtype, shape, values]] of Object.entries(arrays)) {
    const raw = [...new Uint8Array(values.buffer)];
    header[name] = { dtype, shape, data_offsets: [bytes.length, bytes.length + raw.length] };
    bytes.push(...raw);
  }
  const text = [...new TextEncoder().encode(JSON.stringify(header))];
  const length = [...new Uint8Array(BigUint64Array.of(BigInt(text.length)).buffer)];
  return Uint8Array.from([...length, ...text, ...bytes]).buffer;
}

describe("a recording", () => {
  const recording = readRecording(file());

  it("leaves out steps that were not shown the prompt", () => {
    const half = readRecording(file(Uint8Array.of(255, 51, 0, 204, 0, 0, 0, 0)));
    const values = attentionOf(half, [0], 0, null)?.values ?? [];
    expect([...values].map((value) => Number(value.toFixed(3)))).toEqual([0.5, 0.1]);
  });

  it("tells what a token got of all that the words got", () => {
    const [share] = sharesOf(recording, [[0]], [0, 1], 0, null) ?? [];
    expect([...(share?.values ?? [])].map((value) => Number(value.toFixed(3)))).toEqual([0.6, 0]);
    expect(share && contrastOf(share)).toBeCloseTo(1);
    const [none] = sharesOf(recording, [[1]], [0, 1], 0, 0) ?? [];
    expect([...(none?.values ?? [])]).toEqual([0, 0]);
  });

  it("is read with its numbers of every kind, wherever they begin", () => {
    expect(recording).toMatchObject({ steps: 2, pictures: 1, sigmas: [10, 2, 0], callSteps: [0, 0, 1] });
    expect([...(recording.latents.denoised?.values ?? [])].slice(0, 3)).toEqual([1, -2, 0.5]);
    expect(measured(recording, "change_rms", 0)).toEqual([3, 1]);
  });

  it("adds the attention of tokens up, and takes the mean of steps", () => {
    const mean = attentionOf(recording, [0], 0, null);
    expect([...(mean?.values ?? [])].map((value) => Number(value.toFixed(3)))).toEqual([0.3, 0]);
    const both = attentionOf(recording, [0, 1], 0, 1);
    expect([...(both?.values ?? [])].map((value) => Number(value.toFixed(3)))).toEqual([0.5, 0.5]);
  });

  it("is drawn by the shares of its channels, and guidance as strong as can be", () => {
    const clean = latentPixels(recording, "denoised", 0, 0);
    expect([...(clean?.data ?? [])].slice(0, 8)).toEqual([255, 191, 191, 255, 0, 128, 191, 255]);
    const guidance = latentPixels(recording, "guidance", 0, 0);
    expect(guidance?.gain).toBe(2);
    expect([...(guidance?.data ?? [])].slice(0, 4)).toEqual([255, 128, 128, 255]);
  });

  it("places its calls of the model between the steps, by their noise", () => {
    expect(placesOfCalls(recording)).toEqual([
      [0, 10],
      [0.5, 6],
      [1, 2],
    ]);
  });
});

it("heat grows lighter with every step", () => {
  const light = Array.from({ length: 20 }, (_, at) => {
    const [red, green, blue] = heat(at / 19);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  });
  expect([...light].sort((one, other) => one - other)).toEqual(light);
});

it("a map without differences is dark everywhere", () => {
  const { data } = heatPixels({ width: 2, height: 1, values: Float32Array.of(3, 3) });
  expect([...data]).toEqual([0, 0, 4, 255, 0, 0, 4, 255]);
});

it("signal and noise are equally strong at sigma 1, or at a share of a half where they are mixed", () => {
  expect(logSnr(1, false)).toBeCloseTo(0);
  expect(logSnr(0.5, true)).toBeCloseTo(0);
  expect(logSnr(2, false)).toBeCloseTo(-2 * Math.log(2));
});

it("axes have round numbers", () => {
  expect(ticksOf(0, 14.6, 6)).toEqual([0, 5, 10, 15]);
  expect(ticksOf(1, 20, 10, true)).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
  expect(nearest([0, 1, 2], 1.4)).toBe(1);
});
