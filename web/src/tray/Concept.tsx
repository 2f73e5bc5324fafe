import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useLanguage, useTexts } from "@/texts/texts";
import { Dialog, Spinner } from "@/ui";
import { type ConceptName, conceptOf, readConcept } from "./concepts";
import { type Block, blocksOf, type Inline } from "./markdown";
import styles from "./tray.module.css";

/** A page on what something is; its links to others are followed in place. */
export default function Concept({ name, onClose }: { name: ConceptName; onClose: () => void }) {
  const t = useTexts("tray");
  const { language } = useLanguage();
  const [shown, setShown] = useState(name);
  const page = useQuery({
    queryKey: ["concept", shown, language],
    queryFn: () => readConcept(shown, language),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [title, ...blocks] = page.data ? blocksOf(page.data) : [];
  const isTitled = title?.kind === "heading" && title.level === 1;
  const rest = isTitled || !title ? blocks : [title, ...blocks];
  return (
    <Dialog title={isTitled ? plain(title.parts) : t(`concept ${shown}`)} onClose={onClose} size="wide">
      {page.isPending ? (
        <Spinner label={t("loading")} />
      ) : (
        <article className={styles.page}>
          {rest.map((block, at) => (
            <Shown key={at} block={block} onGo={setShown} />
          ))}
        </article>
      )}
    </Dialog>
  );
}

type Go = (name: ConceptName) => void;

function Shown({ block, onGo }: { block: Block; onGo: Go }) {
  switch (block.kind) {
    case "heading":
      return block.level <= 2 ? <h3>{drawn(block.parts, onGo)}</h3> : <h4>{drawn(block.parts, onGo)}</h4>;
    case "paragraph":
      return <p>{drawn(block.parts, onGo)}</p>;
    case "code":
      return (
        <pre>
          <code>{block.text}</code>
        </pre>
      );
    case "list": {
      const items = block.items.map((item, at) => <li key={at}>{drawn(item, onGo)}</li>);
      return block.ordered ? <ol>{items}</ol> : <ul>{items}</ul>;
    }
  }
}

function drawn(parts: readonly Inline[], onGo: Go): ReactNode[] {
  return parts.map((part, at) => {
    switch (part.kind) {
      case "text":
        return part.text;
      case "code":
        return <code key={at}>{part.text}</code>;
      case "strong":
        return <strong key={at}>{drawn(part.parts, onGo)}</strong>;
      case "em":
        return <em key={at}>{drawn(part.parts, onGo)}</em>;
      case "link": {
        const to = conceptOf(part.href);
        if (to)
          return (
            <button key={at} type="button" className={styles.link} onClick={() => onGo(to)}>
              {drawn(part.parts, onGo)}
            </button>
          );
        return /^https?:/.test(part.href) ? (
          <a key={at} href={part.href} target="_blank" rel="noreferrer">
            {drawn(part.parts, onGo)}
          </a>
        ) : (
          <span key={at}>{drawn(part.parts, onGo)}</span> // a page that only the repository has
        );
      }
    }
    return null;
  });
}

function plain(parts: readonly Inline[]): string {
  return parts.map((part) => ("text" in part ? part.text : plain(part.parts))).join("");
}
