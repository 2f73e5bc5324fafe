import { useId, useState } from "react";
import { type Json, same } from "@/graph/json";
import { useTexts } from "@/texts/texts";
import { Button, inputClass } from "@/ui";
import { labelOf } from "./axes";
import shared from "./explore.module.css";
import { valueName } from "./names";
import styles from "./plan.module.css";

const MANY = 8;

/** Several of many; their order is that of the list. */
export function ChoicePicker({
  choices,
  chosen,
  onChange,
}: {
  choices: readonly Json[];
  chosen: readonly Json[];
  onChange: (chosen: readonly Json[]) => void;
}) {
  const t = useTexts("explore");
  const id = useId();
  const [search, setSearch] = useState("");
  const known = (choice: Json) => choices.some((other) => same(other, choice));
  const all = [...chosen.filter((choice) => !known(choice)), ...choices]; // a file that is gone stays to be seen
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = all.filter((choice) => words.every((word) => String(choice).toLowerCase().includes(word)));
  const has = (choice: Json) => chosen.some((other) => same(other, choice));
  const put = (wanted: (choice: Json) => boolean) => onChange(all.filter(wanted));
  return (
    <div className={styles.picker}>
      {all.length >= MANY && (
        <input
          className={inputClass}
          type="search"
          aria-label={t("search choices")}
          placeholder={t("search choices")}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      )}
      <ul className={styles.choices} aria-label={t("way choose")}>
        {found.map((choice, place) => (
          <li key={String(choice)}>
            <input
              id={`${id}-${place}`}
              type="checkbox"
              checked={has(choice)}
              onChange={(event) => put((other) => (same(other, choice) ? event.target.checked : has(other)))}
            />
            <label htmlFor={`${id}-${place}`}>{valueName(labelOf(choice), t)}</label>
          </li>
        ))}
      </ul>
      <div className={shared.row}>
        <span className={shared.grow}>{t("chosen of", { n: chosen.length, total: all.length })}</span>
        <Button look="quiet" onClick={() => put((choice) => has(choice) || found.includes(choice))}>
          {t("choose all")}
        </Button>
        <Button look="quiet" onClick={() => put((choice) => has(choice) && !found.includes(choice))}>
          {t("choose none")}
        </Button>
      </div>
    </div>
  );
}
