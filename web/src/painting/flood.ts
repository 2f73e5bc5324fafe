/**
 * The pixels that are joined to a place by pixels on the same side of half-painted, as 1 in a plane of their own.
 *
 * One pixel more around them, so that nothing stays thin along a smooth edge.
 */
export function flooded(
  alpha: Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  x: number,
  y: number,
): Uint8Array {
  const inside = new Uint8Array(width * height);
  if (x < 0 || y < 0 || x >= width || y >= height) return inside;
  const isPainted = (at: number) => (alpha[at] ?? 0) >= 128;
  const wanted = isPainted(y * width + x);
  const fits = (at: number) => inside[at] === 0 && isPainted(at) === wanted;
  const open = [y * width + x];
  while (open.length > 0) {
    const at = open.pop() ?? 0;
    if (!fits(at)) continue;
    const row = at - (at % width);
    let left = at;
    while (left > row && fits(left - 1)) left--;
    let right = at;
    while (right + 1 < row + width && fits(right + 1)) right++;
    inside.fill(1, left, right + 1);
    for (const other of [row - width, row + width]) {
      if (other < 0 || other >= width * height) continue;
      for (let place = other + left - row; place <= other + right - row; place++) {
        if (fits(place) && (place === other + left - row || !fits(place - 1))) open.push(place);
      }
    }
  }
  return spread(inside, width, height);
}

function spread(inside: Uint8Array, width: number, height: number): Uint8Array {
  const wider = inside.slice();
  for (let at = 0; at < inside.length; at++) {
    if (inside[at] === 0) continue;
    const column = at % width;
    if (column > 0) wider[at - 1] = 1;
    if (column + 1 < width) wider[at + 1] = 1;
    if (at >= width) wider[at - width] = 1;
    if (at + width < width * height) wider[at + width] = 1;
  }
  return wider;
}
