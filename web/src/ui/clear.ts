/** Where something that floats covers no control. */

const CONTROLS =
  "a, button, input, textarea, select, summary, [role=button], [role=slider], [role=tab], [role=option], .react-flow__minimap, [data-node]";
const EDGE = 16; // pixels to the window's edge
const ROWS = 10; // heights that are tried, from below
const [ACROSS, DOWN] = [14, 4]; // points that are looked at

export interface Spot {
  readonly left: number;
  readonly top: number;
}

/** The lowest place where a box lies on no control, in the middle if it may be; else where it lies on the fewest. */
export function clearSpot(box: HTMLElement): Spot {
  const { offsetWidth: width, offsetHeight: height } = box;
  const right = innerWidth - width - EDGE;
  const bottom = innerHeight - height - EDGE;
  let best: { readonly spot: Spot; readonly covered: number } | null = null;
  for (let row = 0; row < ROWS; row++) {
    for (const left of [(EDGE + right) / 2, right, EDGE]) {
      const spot = { left, top: bottom - (row * (bottom - EDGE)) / (ROWS - 1) };
      const covered = controlsUnder(box, spot, width, height);
      if (covered === 0) return spot;
      if (!best || covered < best.covered) best = { spot, covered };
    }
  }
  return best?.spot ?? { left: EDGE, top: bottom };
}

function controlsUnder(box: HTMLElement, { left, top }: Spot, width: number, height: number): number {
  const found = new Set<Element>();
  for (let column = 0; column <= ACROSS; column++) {
    for (let row = 0; row <= DOWN; row++) {
      const there = document.elementsFromPoint(left + (column * width) / ACROSS, top + (row * height) / DOWN);
      const [first] = there.filter((element) => !box.contains(element));
      const control = first?.closest(CONTROLS);
      if (control) found.add(control);
    }
  }
  return found.size;
}
