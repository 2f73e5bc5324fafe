import { useQuery } from "@tanstack/react-query";
import { modelsQuery } from "@/api/queries";
import { useTexts } from "@/texts/texts";
import { NumberField, Select, Spinner, Switch, TextField } from "@/ui";
import { Group, OneOf } from "./parts";
import { Coming, SaveRow } from "./Saving";
import styles from "./settings.module.css";
import { GIGABYTE } from "./units";
import { type SettingName, useServerSettings } from "./useServerSettings";

const HOUR = 3600; // seconds
const MEGABYTE = 2 ** 20;

/** What pictures are made on, and how much room that may take. */
export function DevicePart() {
  const t = useTexts("settings");
  const settings = useServerSettings();
  const clips = useQuery(modelsQuery("clip_vision")).data ?? [];
  const { view, isLocked, text, number, isOn, put } = settings;
  if (!view) return settings.error ? <Coming settings={settings} /> : <Spinner label={t("loading")} />;
  const locked = (name: SettingName) =>
    view.environment.includes(name) ? { hint: t("set elsewhere") } : undefined;
  const field = (name: SettingName) => ({ disabled: isLocked(name), ...locked(name) });
  return (
    <>
      <Coming settings={settings} />
      <Group title={t("memory")}>
        <OneOf
          label={t("set vram")}
          value={text("vram")}
          disabled={isLocked("vram")}
          options={(["auto", "high", "normal", "low"] as const).map((value) => ({
            value,
            label: t(`vram ${value}`),
            about: t(`vram ${value} about`),
          }))}
          onChange={(vram) => put({ vram })}
        />
        {view.environment.includes("vram") && <p className={styles.small}>{t("set elsewhere")}</p>}
      </Group>
      <Group title={t("device")}>
        <div className={styles.two}>
          <TextField
            label={t("set device")}
            hint={t("device hint")}
            value={text("device")}
            onChange={(device) => put({ device })}
            {...field("device")}
          />
          <Select
            label={t("set dtype")}
            hint={t("dtype hint")}
            value={text("dtype")}
            options={[
              { value: "auto", label: t("dtype auto") },
              { value: "fp32", label: "fp32" },
              { value: "fp16", label: "fp16" },
              { value: "bf16", label: "bf16" },
            ]}
            onChange={(dtype) => put({ dtype })}
            {...field("dtype")}
          />
        </div>
      </Group>
      <Group title={t("room")}>
        <div className={styles.two}>
          <NumberField
            label={`${t("set cache_bytes")} (GB)`}
            hint={t("cache hint")}
            min={0}
            step={0.5}
            value={number("cache_bytes") / GIGABYTE}
            onChange={(value) => put({ cache_bytes: Math.round(value * GIGABYTE) })}
            {...field("cache_bytes")}
          />
          <NumberField
            label={`${t("set disk_cache_bytes")} (GB)`}
            hint={t("disk cache hint")}
            min={0}
            step={1}
            value={number("disk_cache_bytes") / GIGABYTE}
            onChange={(value) => put({ disk_cache_bytes: Math.round(value * GIGABYTE) })}
            {...field("disk_cache_bytes")}
          />
          <NumberField
            label={`${t("set spare_bytes")} (GB)`}
            hint={t("spare hint")}
            min={0}
            step={0.5}
            value={number("spare_bytes") / GIGABYTE}
            onChange={(value) => put({ spare_bytes: Math.round(value * GIGABYTE) })}
            {...field("spare_bytes")}
          />
          <NumberField
            label={`${t("set upload_bytes")} (MB)`}
            hint={t("upload hint")}
            min={1}
            value={Math.round(number("upload_bytes") / MEGABYTE)}
            onChange={(value) => put({ upload_bytes: value * MEGABYTE })}
            {...field("upload_bytes")}
          />
        </div>
      </Group>
      <Group title={t("limits")}>
        <div className={styles.two}>
          <NumberField
            label={`${t("set job_seconds")} (${t("hours")})`}
            hint={t("job hint")}
            min={0.1}
            step={0.5}
            value={Math.round((number("job_seconds") / HOUR) * 100) / 100}
            onChange={(value) => put({ job_seconds: value * HOUR })}
            {...field("job_seconds")}
          />
          <NumberField
            label={t("set most_queued")}
            hint={t("queued hint")}
            min={1}
            value={number("most_queued")}
            onChange={(value) => put({ most_queued: value })}
            {...field("most_queued")}
          />
        </div>
        <Switch
          label={t("set fetch_urls")}
          hint={locked("fetch_urls")?.hint ?? t("fetch hint")}
          checked={isOn("fetch_urls")}
          disabled={isLocked("fetch_urls")}
          onChange={(fetch_urls) => put({ fetch_urls })}
        />
      </Group>
      <Group title={t("finding pictures")}>
        <Switch
          label={t("set find_pictures")}
          hint={locked("find_pictures")?.hint ?? t("find hint")}
          checked={isOn("find_pictures")}
          disabled={isLocked("find_pictures")}
          onChange={(find_pictures) => put({ find_pictures })}
        />
        <Select
          label={t("set clip_model")}
          hint={t("clip hint")}
          value={text("clip_model")}
          options={[...new Set([text("clip_model"), ...clips.map(({ name }) => name)])].map((name) => ({
            value: name,
            label: name,
          }))}
          onChange={(clip_model) => put({ clip_model })}
          {...field("clip_model")}
        />
      </Group>
      <SaveRow settings={settings} />
    </>
  );
}
