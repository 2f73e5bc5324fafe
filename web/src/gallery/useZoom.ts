import { useState } from "react";
import { SIDES, USUAL } from "./tiling";

const KEPT = "safelight.gallery.zoom";

/** How large the pictures of the grid are, as a place in `SIDES`; it is remembered. */
export function useZoom(): readonly [zoom: number, resize: (to: number) => void] {
  const [zoom, setZoom] = useState(() => Number(localStorage.getItem(KEPT) ?? USUAL));
  return [
    zoom,
    (to) => {
      const next = Math.min(SIDES.length - 1, Math.max(0, to));
      localStorage.setItem(KEPT, String(next));
      setZoom(next);
    },
  ];
}
