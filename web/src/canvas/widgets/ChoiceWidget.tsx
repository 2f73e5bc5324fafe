import { ChevronsUpDown } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { listOf } from "@/graph/json";
import { Options, Popover } from "@/ui";
import { useChoices } from "./files";
import type { WidgetProps } from "./types";
import styles from "./widgets.module.css";

/** One of many, searched by typing; models and pictures are shown as such. */
export function ChoiceWidget({ port, value, label, tabIndex, wrong, onChange }: WidgetProps) {
  const spec = useMemo(() => port.spec ?? { name: port.name, type: port.type }, [port]);
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(false);
  useEffect(() => {
    if (wasOpen.current && !isOpen) button.current?.focus();
    wasOpen.current = isOpen;
  }, [isOpen]);
  const text = value === null ? "" : String(value);
  const trigger = (
    <button
      ref={button}
      type="button"
      className={`${styles.choice} nodrag`}
      data-row
      tabIndex={tabIndex}
      aria-haspopup="listbox"
      aria-expanded={isOpen}
      aria-invalid={wrong ? true : undefined}
      onClick={isOpen ? undefined : () => setOpen(true)}
      onKeyDown={(event) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        const choices = listOf(spec.choices);
        const next = choices[choices.indexOf(value) + (event.key === "ArrowRight" ? 1 : -1)];
        if (next === undefined) return;
        event.stopPropagation();
        onChange(next);
      }}
    >
      <span className={styles.widgetName}>{label}</span> <span className={styles.widgetValue}>{text}</span>
      <ChevronsUpDown size={12} aria-hidden />
    </button>
  );
  // only the one that is open is given all that a list needs
  return (
    <div className={styles.widget}>
      {isOpen ? (
        <Popover trigger={trigger} label={label} open onOpenChange={setOpen}>
          <OpenList
            port={port}
            label={label}
            value={text}
            onChange={(next) => {
              setOpen(false);
              onChange(listOf(spec.choices).find((one) => String(one) === next) ?? next);
            }}
          />
        </Popover>
      ) : (
        trigger
      )}
    </div>
  );
}

function OpenList({
  port,
  label,
  value,
  onChange,
}: {
  port: WidgetProps["port"];
  label: string;
  value: string;
  onChange: (value: string) => void;
}) {
  const choices = useChoices(port.spec ?? { name: port.name, type: port.type }, true);
  const all = useMemo(
    () => choices.map((one) => (typeof one === "string" ? { value: one } : one)),
    [choices],
  );
  return <Options label={label} all={all} value={value} onChange={onChange} />;
}
