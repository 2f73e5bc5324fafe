import { Tooltip } from "radix-ui";
import type { ReactElement, ReactNode } from "react";
import { usePlace } from "./place";
import styles from "./ui.module.css";

/** Words that appear beside a control while it is pointed at or has the focus. */
export function Tip({
  text,
  side,
  children,
}: {
  text: ReactNode;
  side?: "top" | "right" | "bottom" | "left";
  children: ReactElement;
}) {
  return (
    <Tooltip.Root delayDuration={500} disableHoverableContent>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal container={usePlace()}>
        <Tooltip.Content className={styles.tooltip} side={side} sideOffset={6} collisionPadding={8}>
          {text}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
