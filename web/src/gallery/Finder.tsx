import { Image as ImageIcon, ScanSearch, TextSearch } from "lucide-react";
import { type RefObject, useEffect, useRef, useState } from "react";
import { carried, isCarrying } from "@/pictures/carrying";
import { useTexts } from "@/texts/texts";
import { attempt, Button, classes, hasFiles, SearchField, useDrop } from "@/ui";
import { type Filter, NO_LIKENESS } from "./filter";
import styles from "./gallery.module.css";
import { vectorOf } from "./requests";

const PAUSE = 300; // milliseconds of not typing after which words are looked for
const WHERE = "safelight.gallery.search";

/** Words to look for, in prompts or in the pictures themselves; a picture that is dropped here finds others like it. */
export function Finder({
  filter,
  canLook,
  onChange,
}: {
  filter: Filter;
  /** Whether pictures are looked at on this server. */
  canLook: boolean;
  onChange: (part: Partial<Filter>, replace?: boolean) => void;
}) {
  const t = useTexts("gallery");
  const field = useRef<HTMLInputElement>(null);
  const [wish, setWish] = useState(() => localStorage.getItem(WHERE) ?? "prompt");
  const isLike = Boolean(filter.like || filter.near || filter.vector);
  const inPicture = canLook && (isLike || (wish === "picture" && !filter.words));
  function choose(where: "prompt" | "picture") {
    localStorage.setItem(WHERE, where);
    setWish(where);
    const text = field.current?.value ?? "";
    if (text || isLike) onChange({ ...NO_LIKENESS, words: "", ...said(where === "picture", text) });
    field.current?.focus();
  }
  const like = (part: Partial<Filter>) => onChange({ ...NO_LIKENESS, words: "", ...part });
  const { isOver, drop } = useDrop(
    (data) => canLook && (isCarrying(data) || hasFiles(data)),
    (data) => {
      const [ours] = carried(data);
      const [file] = data.files;
      if (ours) like({ near: ours.id });
      else if (file) void attempt(async () => like({ vector: await vectorOf(file) }));
    },
  );
  return (
    <div className={classes(styles.finder, isOver && styles.finderOver)} {...drop}>
      <Words
        field={field}
        key={inPicture ? "picture" : "prompt"}
        label={t(inPicture ? "search pictures" : "search")}
        words={inPicture ? filter.like : filter.words}
        onChange={(text, replace) =>
          onChange(inPicture ? { ...NO_LIKENESS, like: text } : { words: text }, replace)
        }
        onPicture={(file) => {
          if (canLook) void attempt(async () => like({ vector: await vectorOf(file) }));
        }}
      />
      {canLook && (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset brings a frame of its own
        <div role="group" aria-label={t("search in")} className={styles.where}>
          <Button
            icon={TextSearch}
            pressed={!inPicture}
            title={t("in prompts about")}
            onClick={() => choose("prompt")}
          >
            <span>{t("in prompts")}</span>
          </Button>
          <Button
            icon={ScanSearch}
            pressed={inPicture}
            title={t("in pictures about")}
            onClick={() => choose("picture")}
          >
            <span>{t("in pictures")}</span>
          </Button>
        </div>
      )}
      {isOver && (
        <span className={styles.finderDrop}>
          <ImageIcon size={16} aria-hidden />
          {t("drop to find")}
        </span>
      )}
    </div>
  );
}

function said(inPicture: boolean, text: string): Partial<Filter> {
  return inPicture ? { like: text } : { words: text };
}

function Words({
  field,
  label,
  words,
  onChange,
  onPicture,
}: {
  field: RefObject<HTMLInputElement | null>;
  label: string;
  words: string;
  onChange: (text: string, replace: boolean) => void;
  onPicture: (file: File) => void;
}) {
  const [text, setText] = useState(words);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    setText(words);
    return () => clearTimeout(timer.current);
  }, [words]);
  function look(next: string) {
    clearTimeout(timer.current);
    if (next !== words) onChange(next, words !== "" && next !== "");
  }
  return (
    <SearchField
      ref={field}
      className={styles.search}
      label={label}
      value={text}
      onChange={(event) => {
        const next = event.target.value;
        setText(next);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => look(next), PAUSE);
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter") look(text);
        if (event.key === "Escape" && text) {
          event.preventDefault();
          setText("");
          look("");
        }
      }}
      onPaste={(event) => {
        const [file] = event.clipboardData.files;
        if (!file) return;
        event.preventDefault();
        onPicture(file);
      }}
    />
  );
}
