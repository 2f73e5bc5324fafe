import { X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { Model } from "@/api/client";
import { useTexts } from "@/texts/texts";
import { sayFailure, TextArea, TextField } from "@/ui";
import { keyOf } from "./listing";
import styles from "./models.module.css";
import { note } from "./requests";

const PAUSE = 700; // milliseconds of not typing after which notes are kept
const DRAFT = "safelight.models.notes.";

/** What a person notes about a model. It is kept while it is typed. */
export function Notes({ model }: { model: Model }) {
  const t = useTexts("models");
  const draft = DRAFT + keyOf(model);
  const [text, setText] = useState(() => localStorage.getItem(draft) ?? model.notes);
  const [state, setState] = useState<"" | "saving" | "saved">("");
  const [tag, setTag] = useState("");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(text);
  latest.current = text;
  async function keep(notes: string) {
    clearTimeout(timer.current);
    setState("saving");
    try {
      await note(model, { notes });
      if (latest.current === notes) {
        localStorage.removeItem(draft);
        setState("saved");
      }
    } catch (error) {
      setState("");
      sayFailure(error);
    }
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: what an earlier visit could not bring to the server
  useEffect(() => {
    if (text !== model.notes) void keep(text);
    return () => clearTimeout(timer.current);
  }, []);
  async function setTags(tags: string[]) {
    try {
      await note(model, { tags });
    } catch (error) {
      sayFailure(error);
    }
  }
  return (
    <div className={styles.notes}>
      <TextArea
        label={t("notes")}
        aside={<span role="status">{state && t(state)}</span>}
        placeholder={t("notes about")}
        rows={3}
        maxLength={10_000}
        value={text}
        onChange={(next) => {
          setText(next);
          setState("");
          localStorage.setItem(draft, next);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => void keep(next), PAUSE);
        }}
        onBlur={() => text !== model.notes && void keep(text)}
      />
      <div className={styles.tags}>
        {model.tags.map((name) => (
          <span key={name} className={styles.tag}>
            {name}
            <button
              type="button"
              aria-label={t("remove tag", { tag: name })}
              onClick={() => void setTags(model.tags.filter((other) => other !== name))}
            >
              <X size={13} aria-hidden />
            </button>
          </span>
        ))}
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const added = tag.split(",").map((part) => part.trim().slice(0, 64));
            setTag("");
            void setTags([...new Set([...model.tags, ...added.filter(Boolean)])]);
          }}
        >
          <TextField
            bare
            label={t("new tag")}
            placeholder={t("new tag")}
            value={tag}
            onChange={setTag}
            maxLength={200}
          />
        </form>
      </div>
    </div>
  );
}
