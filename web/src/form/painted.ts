/** Of which pictures masked copies were made, and what was painted, so that one can go on painting. */

import type { PaintingState } from "@/painting";

interface Painted {
  readonly made: string;
  readonly original: string;
  readonly state: PaintingState;
}

const KEPT = "safelight.form.painted";
const MOST = 12;

export function paintedOf(name: string): { original: string; state: PaintingState | null } {
  const found = readAll().find(({ made }) => made === name);
  return found ?? { original: name, state: null };
}

export function keepPainted(made: string, original: string, state: PaintingState): void {
  const rest = readAll().filter((one) => one.made !== made);
  try {
    localStorage.setItem(KEPT, JSON.stringify([{ made, original, state }, ...rest].slice(0, MOST)));
  } catch {
    // too large to be kept; the masked picture itself is on the server
  }
}

function readAll(): readonly Painted[] {
  try {
    const all: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(all) ? all : [];
  } catch {
    return [];
  }
}
