import { createContext, useContext } from "react";
import { create } from "zustand";

/** The dialog that one is in: what floats must be inside of it, since it hides all else. */
export const Place = createContext<HTMLElement | null>(null);

/** Where what floats is put. */
export function usePlace(): HTMLElement | undefined {
  return useContext(Place) ?? undefined;
}

const useOpen = create<{ dialogs: readonly HTMLElement[] }>(() => ({ dialogs: [] }));

/** Say that a dialog is in front of all else; gives what ends that. */
export function inFront(dialog: HTMLElement): () => void {
  useOpen.setState(({ dialogs }) => ({ dialogs: [...dialogs, dialog] }));
  return () => useOpen.setState(({ dialogs }) => ({ dialogs: dialogs.filter((one) => one !== dialog) }));
}

/** The dialog in front, for what belongs to the whole page; null while there is none. */
export function useFront(): HTMLElement | null {
  return useOpen(({ dialogs }) => dialogs.at(-1) ?? null);
}
