import { Ellipsis, Eraser, Grid3x3, Sparkles, Workflow } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { PromptField } from "@/prompt";
import { useTexts } from "@/texts/texts";
import { Button, IconButton, Menu } from "@/ui";
import styles from "./create.module.css";
import { addLora } from "./Loras";
import { make, openIn, startAnew } from "./making";
import { edit, useStudio } from "./store";

/** What is to be seen, in words; and the button that makes it. */
export function Composer({ checkpoint }: { checkpoint: string }) {
  const t = useTexts("create");
  const prompt = useStudio(({ form }) => form.prompt);
  const negative = useStudio(({ form }) => form.negative);
  const syntax = useStudio(({ form }) => form.syntax);
  const count = useStudio(({ form }) => form.count);
  const isSending = useStudio(({ sending }) => sending);
  const hasPicture = useStudio(({ form }) =>
    Boolean(form.start || form.guides.length || form.references.length),
  );
  const [isAsked, setAsked] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const isEmpty = prompt.trim() === "" && !hasPicture;
  const begin = useCallback(() => {
    if (isEmpty) {
      setAsked(true);
      field.current?.focus();
    } else void make();
  }, [isEmpty]);
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (
        event.key !== "Enter" ||
        !(event.ctrlKey || event.metaKey) ||
        document.querySelector("dialog[open]")
      )
        return;
      event.preventDefault();
      begin();
    }
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [begin]);
  const common = { checkpoint, syntax, mentions: true, wildcards: true, onLora: addLora };
  return (
    <section className={styles.composer} aria-label={t("what to make")}>
      <div className={styles.prompts}>
        <PromptField
          {...common}
          ref={field}
          label={t("prompt")}
          value={prompt}
          onChange={(value) => edit({ prompt: value })}
          placeholder={t("prompt example")}
          minRows={3}
          wrong={isAsked && isEmpty ? t("prompt needed") : undefined}
        />
        <PromptField
          {...common}
          label={t("negative")}
          value={negative}
          onChange={(value) => edit({ negative: value })}
          placeholder={t("negative example")}
          minRows={1}
        />
      </div>
      <div className={styles.making}>
        <Button
          look="primary"
          large
          icon={Sparkles}
          busy={isSending}
          className={styles.make}
          title={t("make shortcut")}
          aria-keyshortcuts="Control+Enter"
          onClick={begin}
        >
          {count > 1 ? t("make n", { n: count }) : t("make")}
        </Button>
        <div className={styles.makingMore}>
          <IconButton icon={Workflow} label={t("open as graph")} onClick={() => void openIn("graph")} />
          <IconButton icon={Grid3x3} label={t("explore this")} onClick={() => void openIn("explore")} />
          <Menu align="end" items={[{ label: t("empty form"), icon: Eraser, onSelect: startAnew }]}>
            <IconButton icon={Ellipsis} label={t("more")} />
          </Menu>
        </div>
      </div>
    </section>
  );
}
