/** How large a node is drawn that nobody has sized. */

import type { NodeSpec, Size } from "./types";
import { hasControl, isWidget, widgetsOf } from "./widgets";

export const TITLE = 30; // pixels
export const ROW = 26;
const TEXT_BOX = 90;
export const PICTURE = 200;
const CURVE_BOX = 170;
const PADDING = 12;
const NARROWEST = 220;
const WITH_WIDGETS = 300;
const LETTER = 7.5; // pixels, about

/** The least size that shows all of a node type, without its title bar. */
export function usualSize(spec: NodeSpec): Size {
  const sockets = spec.inputs.filter((port) => !isWidget(port));
  const widgets = widgetsOf(spec);
  const texts = widgets.filter((port) => port.multiline).length;
  const uploads = widgets.filter((port) => port.upload).length;
  const curves = widgets.filter((port) => port.type === "CURVE" && port.default != null).length;
  const small = widgets.length - texts - curves + widgets.filter(hasControl).length + uploads;
  const height =
    ROW * Math.max(sockets.length, spec.outputs.length) +
    ROW * small +
    (TEXT_BOX + 6) * texts +
    CURVE_BOX * curves +
    PICTURE * uploads +
    PADDING;
  const longest = Math.max(
    spec.title.length + 6,
    ...sockets.map((port, place) => port.name.length + (spec.outputs[place]?.name.length ?? 0) + 6),
    ...widgets.map((port) => port.name.length + 14),
  );
  const least = texts > 0 || uploads > 0 ? WITH_WIDGETS : NARROWEST;
  return [Math.round(Math.min(Math.max(least, longest * LETTER), 420)), height];
}
