/** How a picture lies in its frame: `scale` of 1 fits it in; `x` and `y` move its middle, in pixels of the frame. */
export interface Look {
  scale: number;
  x: number;
  y: number;
}

export interface Point {
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

export const FITTING: Look = { scale: 1, x: 0, y: 0 };
const MOST = 32;

/** The size of a picture that fits into a frame; small ones are made larger, as far as `most` times. */
export function fitted(picture: Size, frame: Size, most = Number.POSITIVE_INFINITY): Size {
  const scale = Math.min(frame.width / picture.width, frame.height / picture.height, most);
  return { width: picture.width * scale, height: picture.height * scale };
}

/** Larger or smaller by a factor; what is at a point, counted from the middle of the frame, stays there. */
export function zoomed(look: Look, factor: number, point: Point, shown: Size, frame: Size): Look {
  const scale = Math.min(MOST, Math.max(1, look.scale * factor));
  const by = scale / look.scale;
  return kept(
    { scale, x: point.x - (point.x - look.x) * by, y: point.y - (point.y - look.y) * by },
    shown,
    frame,
  );
}

/** Larger or smaller by a factor, about the middle of the frame. */
export function centred({ scale, x, y }: Look, factor: number): Look {
  const next = Math.min(MOST, Math.max(1, scale * factor));
  return next === 1 ? FITTING : { scale: next, x: (x * next) / scale, y: (y * next) / scale };
}

/** Moved, but not out of the frame. */
export function kept(look: Look, shown: Size, frame: Size): Look {
  const room = (side: number, of: number) => Math.max(0, (side * look.scale - of) / 2);
  const x = clamped(look.x, room(shown.width, frame.width));
  const y = clamped(look.y, room(shown.height, frame.height));
  return x === look.x && y === look.y ? look : { ...look, x, y };
}

/** How a picture of a size is drawn so that it lies as it is looked at. */
export function placed({ width, height }: Size, { scale, x, y }: Look) {
  return {
    width,
    height,
    marginLeft: -width / 2,
    marginTop: -height / 2,
    transform: `translate(${x}px, ${y}px) scale(${scale})`,
  };
}

/** `scale` at which a pixel of the picture is one of the frame. */
export function trueScale(picture: Size, shown: Size, ratio: number): number {
  return Math.max(1, Math.min(MOST, picture.width / (shown.width * ratio)));
}

function clamped(number: number, most: number): number {
  return Math.min(most, Math.max(-most, number)) || 0;
}
