/** Which panel is open beside the canvas. */

import { create } from "zustand";

export const usePanel = create<{ name: string }>(() => ({ name: "" }));

export function showPanel(name: string): void {
  usePanel.setState({ name });
}

export function closePanel(): void {
  usePanel.setState({ name: "" });
}
