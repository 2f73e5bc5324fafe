import { useTexts } from "@/texts/texts";
import { Popover } from "@/ui";
import { CHUNK, type Count } from "./counting";
import styles from "./prompt.module.css";

/** How long the prompt is. Pressing it says what that means. */
export function TokenCount({ count }: { count: Count | null }) {
  const t = useTexts("prompt");
  return (
    <>
      <span role="status" className="sr-only">
        {count && count.chunks > 1 ? t("chunks", { n: count.chunks }) : ""}
      </span>
      {count && (
        <Popover
          label={t("about tokens")}
          align="end"
          trigger={
            <button type="button" className={styles.count} data-long={count.chunks > 1 || undefined}>
              <span aria-hidden>
                {count.tokens}/{Math.max(1, count.chunks) * CHUNK}
                {count.chunks > 1 && ` · ${t("chunks", { n: count.chunks })}`}
              </span>
              <span className="sr-only">{t("tokens", { n: count.tokens })}</span>
            </button>
          }
        >
          <div className={styles.about}>
            <p>
              <strong>{t("tokens", { n: count.tokens })}</strong>{" "}
              {count.chunks > 1
                ? t("in chunks", { n: count.chunks, room: count.room })
                : t("room", { n: count.room })}
            </p>
            <p>{t("chunk about")}</p>
            <p>
              <kbd>Ctrl</kbd> <kbd>↑</kbd> <kbd>↓</kbd> {t("emphasis about")}
            </p>
          </div>
        </Popover>
      )}
    </>
  );
}
