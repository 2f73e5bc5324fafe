import { type DragEvent, useState } from "react";

/** Whether files are being dragged; what they are is told only when they are dropped. */
export function hasFiles({ types }: DataTransfer): boolean {
  return types.includes("Files");
}

/**
 * What makes an element a place to drop things on: handlers for it, and whether something that it takes is over it.
 * What an inner place takes does not reach an outer one.
 */
export function useDrop(
  takes: (data: DataTransfer) => boolean,
  take: (data: DataTransfer, event: DragEvent) => void,
) {
  const [isOver, setOver] = useState(false);
  const drop = {
    onDragOver: (event: DragEvent) => {
      if (!takes(event.dataTransfer)) return;
      event.preventDefault();
      event.stopPropagation();
      setOver(true);
    },
    onDragLeave: ({ currentTarget, relatedTarget }: DragEvent) => {
      if (!(relatedTarget instanceof Node && currentTarget.contains(relatedTarget))) setOver(false);
    },
    onDropCapture: () => setOver(false), // also where an inner place takes it
    onDrop: (event: DragEvent) => {
      if (!takes(event.dataTransfer)) return;
      event.preventDefault();
      event.stopPropagation();
      take(event.dataTransfer, event);
    },
  };
  return { isOver, drop };
}
