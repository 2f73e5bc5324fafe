import { useState } from "react";
import { chooseTheme, theme } from "@/app/theme";
import { LANGUAGES, type Language, speak, useLanguage, useTexts } from "@/texts/texts";
import { Group, OneOf, useDoing } from "./parts";

const LANGUAGE_NAMES = Object.entries(LANGUAGES) as [Language, string][];

/** How everything looks, and the language it speaks. Both are kept in this browser. */
export function Appearance() {
  const t = useTexts("settings");
  const [chosen, setChosen] = useState(theme);
  const language = useLanguage((state) => state.language);
  const [, act] = useDoing();
  return (
    <Group about={t("appearance about")}>
      <OneOf
        label={t("theme")}
        value={chosen}
        options={(["dark", "light", "system"] as const).map((value) => ({
          value,
          label: t(`theme ${value}`),
          about: t(`theme ${value} about`),
        }))}
        onChange={(value) => {
          chooseTheme(value);
          setChosen(value);
        }}
      />
      <OneOf
        label={t("language")}
        value={language}
        options={LANGUAGE_NAMES.map(([value, label]) => ({ value, label }))}
        onChange={(value) => void act(() => speak(value, true))}
      />
    </Group>
  );
}
