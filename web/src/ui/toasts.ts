import { create } from "zustand";

/** A few words at the lower edge, which go by themselves unless something is wrong. */
export interface Toast {
  id: number;
  kind: "info" | "bad";
  text: string;
  detail?: string;
  action?: { label: string; act: () => void };
}

const LASTS = 6000; // milliseconds

let last = 0;

export const useToasts = create<{ toasts: readonly Toast[] }>(() => ({ toasts: [] }));

/** Say something; with an action, such as undoing, there is time to take it. */
export function say(text: string, rest: Partial<Omit<Toast, "id" | "text">> = {}): number {
  const toast: Toast = { kind: "info", ...rest, id: ++last, text };
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts.slice(-3), toast] }));
  if (toast.kind === "info") setTimeout(() => dismiss(toast.id), toast.action ? 2 * LASTS : LASTS);
  return toast.id;
}

export function dismiss(id: number): void {
  useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }));
}
