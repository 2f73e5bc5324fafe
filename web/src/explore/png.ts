/** Texts kept inside a PNG, beside its pixels: how a saved grid carries its recipe. */

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const HEAD_END = 8 + 25; // the signature and the first chunk, IHDR

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest;
});

/** Cyclic redundancy check of 32 bits, as in the PNG specification, annex D. */
export function crc32(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) rest = (TABLE[(rest ^ byte) & 255] ?? 0) ^ (rest >>> 8);
  return (rest ^ 0xffffffff) >>> 0;
}

export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, place) => bytes[place] === byte);
}

/** The same picture with texts by keyword, in UTF-8 (`iTXt`), right after its head. */
export function withTexts(png: Uint8Array, texts: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  if (!isPng(png)) throw new Error("This is not a PNG.");
  const chunks = Object.entries(texts).map(([keyword, text]) => textChunk(keyword, text));
  return joined([png.subarray(0, HEAD_END), ...chunks, png.subarray(HEAD_END)]);
}

/** The texts that `withTexts` has put in, by keyword. Compressed ones are left out. */
export function textsIn(png: Uint8Array): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  if (!isPng(png)) return texts;
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const decoder = new TextDecoder();
  for (let at = 8; at + 12 <= png.length; ) {
    const length = view.getUint32(at);
    const kind = decoder.decode(png.subarray(at + 4, at + 8));
    const data = png.subarray(at + 8, at + 8 + length);
    if (kind === "iTXt") {
      const keyEnd = data.indexOf(0);
      const languageEnd = data.indexOf(0, keyEnd + 3);
      const translatedEnd = data.indexOf(0, languageEnd + 1);
      if (keyEnd > 0 && data[keyEnd + 1] === 0 && translatedEnd > 0)
        texts[decoder.decode(data.subarray(0, keyEnd))] = decoder.decode(data.subarray(translatedEnd + 1));
    }
    at += 12 + length;
  }
  return texts;
}

function textChunk(keyword: string, text: string): Uint8Array {
  const encoder = new TextEncoder();
  const data = joined([
    encoder.encode(keyword),
    Uint8Array.of(0, 0, 0, 0, 0), // end of keyword, not compressed, method, no language, no translated keyword
    encoder.encode(text),
  ]);
  const kind = encoder.encode("iTXt");
  const chunk = new Uint8Array(12 + data.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length);
  chunk.set(kind, 4);
  chunk.set(data, 8);
  view.setUint32(8 + data.length, crc32(chunk.subarray(4, 8 + data.length)));
  return chunk;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
