/** PNG files whose transparency is a mask: colours under it stay whole, which a canvas does not promise. */

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const RGBA = 6; // colour type

/** Pixels as a PNG: the colours of `picture`, transparent where `mask` is white. Both RGBA, of the same size. */
export async function withMask(
  picture: Uint8ClampedArray,
  mask: Uint8ClampedArray,
  width: number,
  height: number,
): Promise<Blob> {
  const lines = new Uint8Array(height * (1 + 4 * width)); // each begins with 0: no filter
  for (let y = 0; y < height; y++) {
    const line = y * (1 + 4 * width) + 1;
    lines.set(picture.subarray(y * width * 4, (y + 1) * width * 4), line);
    for (let x = 0; x < width; x++) lines[line + 4 * x + 3] = 255 - (mask[(y * width + x) * 4] ?? 0);
  }
  const packed = await deflated(lines);
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  head.set([8, RGBA, 0, 0, 0], 8);
  const parts = [chunk("IHDR", head), chunk("IDAT", packed), chunk("IEND", new Uint8Array())];
  return new Blob([new Uint8Array(SIGNATURE), ...parts], { type: "image/png" });
}

async function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function chunk(name: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(12 + data.length);
  const view = new DataView(made.buffer);
  view.setUint32(0, data.length);
  for (const [place, letter] of [...name].entries()) made[4 + place] = letter.charCodeAt(0);
  made.set(data, 8);
  view.setUint32(8 + data.length, checksum(made.subarray(4, 8 + data.length)));
  return made;
}

/** CRC-32, as PNG has it. */
export function checksum(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = (TABLE[(sum ^ byte) & 0xff] ?? 0) ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});
