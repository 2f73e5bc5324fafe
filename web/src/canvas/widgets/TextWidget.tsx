import { useState } from "react";
import { PromptField } from "@/prompt";
import { classes } from "@/ui";
import type { WidgetProps } from "./types";
import styles from "./widgets.module.css";

/** Several lines: a prompt with all its help, or a plain text. */
export function TextWidget({ port, value, label, wrong, onChange }: WidgetProps) {
  const [hasFocus, setFocus] = useState(false);
  const text = typeof value === "string" ? value : "";
  const isPrompt = port.spec?.dynamic_prompts === true || port.spec?.mentions != null;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only takes note of where the focus is
    <div
      // the wheel zooms the canvas until one is writing here
      className={classes(styles.textWidget, "nodrag", hasFocus && "nowheel")}
      onFocus={() => setFocus(true)}
      onBlur={() => setFocus(false)}
    >
      {isPrompt ? (
        <PromptField
          label={label}
          value={text}
          onChange={onChange}
          placeholder={label}
          wrong={wrong || undefined}
          wildcards={port.spec?.dynamic_prompts === true && text.includes("{")} // others are sent as they are
          compact
          bare
        />
      ) : (
        <textarea
          className={styles.text}
          aria-label={label}
          placeholder={label}
          value={text}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </div>
  );
}
