import type { LucideIcon } from "lucide-react";
import { ContextMenu, DropdownMenu, Slot } from "radix-ui";
import type { ComponentProps, ReactElement, ReactNode } from "react";
import { classes } from "./Button";
import { usePlace } from "./place";
import styles from "./ui.module.css";

/** One line of a menu; `null` is a rule between groups. */
export type MenuItem = {
  label: string;
  icon?: LucideIcon;
  shortcut?: string;
  danger?: boolean;
  disabled?: boolean;
  /** Whether it is on, for what can be switched. */
  checked?: boolean;
  onSelect: () => void;
} | null;

/** A menu that opens at its button. */
export function Menu({
  items,
  children,
  align = "start",
}: {
  items: readonly MenuItem[];
  children: ReactElement;
  align?: "start" | "end";
}) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        <ByPlainKeys>{children}</ByPlainKeys>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal container={usePlace()}>
        <DropdownMenu.Content className={styles.floating} align={align} sideOffset={4} collisionPadding={8}>
          {items.map((item, place) => row(item, place, DropdownMenu))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** Leaves keys with Ctrl and the like to whoever else knows them: Ctrl+Space opens no menu. */
function ByPlainKeys({ onKeyDown, ...rest }: ComponentProps<typeof Slot.Root>) {
  return (
    <Slot.Root
      {...rest}
      onKeyDown={(event) => {
        if (!event.ctrlKey && !event.metaKey && !event.altKey) onKeyDown?.(event);
      }}
    />
  );
}

/** The same, opened by the right mouse button or the menu key on what it surrounds. */
export function AtPointer({ items, children }: { items: readonly MenuItem[]; children: ReactNode }) {
  return (
    <ContextMenu.Root modal={false}>
      <ContextMenu.Trigger asChild>{children}</ContextMenu.Trigger>
      <ContextMenu.Portal container={usePlace()}>
        <ContextMenu.Content className={styles.floating} collisionPadding={8}>
          {items.map((item, place) => row(item, place, ContextMenu))}
        </ContextMenu.Content>
      </ContextMenu.Portal>
    </ContextMenu.Root>
  );
}

function row(
  item: MenuItem,
  place: number,
  { Item, Separator, CheckboxItem }: typeof DropdownMenu | typeof ContextMenu,
) {
  if (item === null) return <Separator key={place} className={styles.separator} />;
  const look = classes(styles.item, item.danger && styles.itemDanger);
  const inside = (
    <>
      {item.icon && <item.icon size={16} aria-hidden />}
      <span>{item.label}</span>
      {item.checked && <span aria-hidden>✓</span>}
      {item.shortcut && <kbd>{item.shortcut}</kbd>}
    </>
  );
  return item.checked === undefined ? (
    <Item key={place} className={look} disabled={item.disabled} onSelect={item.onSelect}>
      {inside}
    </Item>
  ) : (
    <CheckboxItem
      key={place}
      className={look}
      disabled={item.disabled}
      checked={item.checked}
      onSelect={item.onSelect}
    >
      {inside}
    </CheckboxItem>
  );
}
