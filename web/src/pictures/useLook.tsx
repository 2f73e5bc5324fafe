import { Maximize, ZoomIn, ZoomOut } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { useTexts } from "@/texts/texts";
import { IconButton } from "@/ui";
import { centred, FITTING, type Look } from "./zoom";

const STEP = 1.5; // larger or smaller by a key
const NUDGE = 60; // pixels that an arrow moves an enlarged picture by

export interface Looking {
  look: Look;
  onLook: (change: (look: Look) => Look) => void;
  /** Do what a key says: + and − zoom, 0 fits, and with Shift the arrows move; others do what `own` says of them. */
  onKey: (event: React.KeyboardEvent, own?: ReadonlyMap<string, () => void>) => void;
  zoom: (factor: number) => void;
}

/** How a picture is looked at; another one is shown as a whole. */
export function useLook(id: string): Looking {
  const [look, onLook] = useState<Look>(FITTING);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another picture is shown as a whole
  useEffect(() => onLook(FITTING), [id]);
  const zoom = useCallback((factor: number) => onLook((before) => centred(before, factor)), []);
  const move = (x: number, y: number) => onLook((old) => ({ ...old, x: old.x + x, y: old.y + y }));
  function onKey(event: React.KeyboardEvent, own?: ReadonlyMap<string, () => void>) {
    const { key, shiftKey } = event;
    const acts = new Map<string, () => void>([
      ["+", () => zoom(STEP)],
      ["=", () => zoom(STEP)],
      ["-", () => zoom(1 / STEP)],
      ["0", () => onLook(FITTING)],
      ["Shift ArrowLeft", () => move(NUDGE, 0)],
      ["Shift ArrowRight", () => move(-NUDGE, 0)],
      ["Shift ArrowUp", () => move(0, NUDGE)],
      ["Shift ArrowDown", () => move(0, -NUDGE)],
    ]);
    const act = acts.get(shiftKey && key.startsWith("Arrow") ? `Shift ${key}` : key) ?? own?.get(key);
    if (!act) return;
    act();
    event.preventDefault();
  }
  return { look, onLook, onKey, zoom };
}

/** Buttons that do what the keys do. */
export function ZoomTools({ looking: { onLook, zoom } }: { looking: Looking }) {
  const t = useTexts("pictures");
  return (
    <>
      <IconButton icon={ZoomOut} label={t("zoom out")} shortcut="−" onClick={() => zoom(1 / STEP)} />
      <IconButton icon={ZoomIn} label={t("zoom in")} shortcut="+" onClick={() => zoom(STEP)} />
      <IconButton icon={Maximize} label={t("fit")} shortcut="0" onClick={() => onLook(() => FITTING)} />
    </>
  );
}
