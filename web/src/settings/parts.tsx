/** What the pages of settings have in common. */

import { queryOptions } from "@tanstack/react-query";
import { type ReactNode, useId, useState } from "react";
import { api, got } from "@/api/client";
import { useTexts } from "@/texts/texts";
import { Button, Dialog, sayFailure } from "@/ui";
import styles from "./settings.module.css";

export const settingsQuery = queryOptions({
  queryKey: ["settings"],
  queryFn: () => got(api.GET("/api/v1/settings")),
});

export const meQuery = queryOptions({ queryKey: ["me"], queryFn: () => got(api.GET("/api/v1/me")) });

/** A group of settings with a heading. */
export function Group({ title, about, children }: { title?: string; about?: string; children: ReactNode }) {
  return (
    <div className={styles.group}>
      {title && <h3>{title}</h3>}
      {about && <p className={styles.about}>{about}</p>}
      {children}
    </div>
  );
}

export interface Possible<Value extends string> {
  value: Value;
  label: string;
  about?: string;
}

/** One of a few, each with a word about it. */
export function OneOf<Value extends string>({
  label,
  value,
  options,
  disabled,
  onChange,
}: {
  label: string;
  value: string;
  options: readonly Possible<Value>[];
  disabled?: boolean;
  onChange: (value: Value) => void;
}) {
  const id = useId();
  return (
    <fieldset className={styles.oneOf} disabled={disabled}>
      <legend>{label}</legend>
      {options.map((option) => (
        <label key={option.value} className={styles.option} data-chosen={option.value === value}>
          <input
            type="radio"
            name={id}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          <span>
            {option.label}
            {option.about && <span className={styles.small}>{option.about}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** A question before something that cannot be taken back. */
export function Ask({
  title,
  children,
  yes,
  danger,
  onYes,
  onNo,
}: {
  title: string;
  children: ReactNode;
  yes: string;
  danger?: boolean;
  onYes: () => void;
  onNo: () => void;
}) {
  const t = useTexts("settings");
  return (
    <Dialog
      title={title}
      onClose={onNo}
      actions={
        <>
          <Button onClick={onNo}>{t("leave it")}</Button>
          <Button look={danger ? "danger" : "primary"} onClick={onYes}>
            {yes}
          </Button>
        </>
      }
    >
      <div className={styles.stack}>{children}</div>
    </Dialog>
  );
}

/** Does something, shows that it is at work, and says what went wrong. */
export function useDoing(): [isBusy: boolean, act: (doing: () => Promise<unknown>) => Promise<boolean>] {
  const [isBusy, setBusy] = useState(false);
  async function act(doing: () => Promise<unknown>) {
    setBusy(true);
    try {
      await doing();
      return true;
    } catch (error) {
      sayFailure(error);
      return false;
    } finally {
      setBusy(false);
    }
  }
  return [isBusy, act];
}
