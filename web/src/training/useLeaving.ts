import { useEffect } from "react";
import { isTyping } from "@/ui";

/** Escape goes back. */
export function useLeaving(onLeave: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !isTyping(event.target ?? document)) onLeave();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [onLeave]);
}
