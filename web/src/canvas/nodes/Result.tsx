import { Maximize2 } from "lucide-react";
import { memo } from "react";
import { type Schemas, wordsOf } from "@/api/client";
import type { DocNode } from "@/graph/types";
import { said } from "@/texts/said";
import { useTexts } from "@/texts/texts";
import { ask } from "../asking";
import type { Output } from "../desk";
import { useNodePreview, useNodeResults } from "../running";
import styles from "./result.module.css";

const MOST_SHOWN = 16;

/** What a node gives, or why it failed: inside of it where there is room, else hanging below. */
export const Result = memo(function Result({
  node,
  isSubgraph,
  place,
  failure,
}: {
  node: DocNode;
  isSubgraph: boolean;
  place: { readonly y: number; readonly height: number } | null;
  failure: Schemas["FailureView"] | null;
}) {
  const t = useTexts("canvas");
  const preview = useNodePreview(node.id, isSubgraph);
  const results = useNodeResults(node.id);
  const pictures = results.filter(({ asset }) => asset?.mime.startsWith("image/"));
  const texts = results.filter(({ text }) => text !== "");
  const others = results.filter(({ asset }) => asset !== null && !asset.mime.startsWith("image/"));
  if (!preview && !failure && results.length === 0) return null;
  return (
    <div
      className={place ? styles.result : styles.hanging}
      style={place ? { top: place.y, height: place.height } : undefined}
    >
      {failure && (
        <p className={styles.failure} role="alert">
          {wordsOf(failure)}
        </p>
      )}
      {preview ? (
        <img className={styles.preview} src={preview} alt={t("preview")} draggable={false} />
      ) : (
        pictures.length > 0 && <Pictures outputs={pictures} />
      )}
      {texts.map(({ kind, text }, at) => (
        <pre key={at} className={`${styles.outputText} nodrag nowheel`}>
          {kind === "warning" ? said().text(text) : text}
        </pre>
      ))}
      {others.map(
        ({ asset }) =>
          asset && (
            <a key={asset.id} className="nodrag" href={`${asset.url}?save=true`} download>
              {asset.path}
            </a>
          ),
      )}
    </div>
  );
});

function Pictures({ outputs }: { outputs: readonly Output[] }) {
  const t = useTexts("canvas");
  const columns = Math.ceil(Math.sqrt(Math.min(outputs.length, MOST_SHOWN)));
  return (
    <div className={styles.pictures} style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
      {outputs.slice(0, MOST_SHOWN).map(
        ({ asset }) =>
          asset && (
            <button
              key={asset.id}
              type="button"
              className={styles.picture}
              tabIndex={-1}
              aria-label={t("show big", { name: asset.path })}
              onClick={() => ask({ kind: "picture", url: asset.url, alt: asset.path })}
            >
              <img
                src={asset.thumbnail ?? asset.url}
                alt={asset.path}
                width={asset.width ?? undefined}
                height={asset.height ?? undefined}
                draggable={false}
              />
              <Maximize2 size={14} aria-hidden />
            </button>
          ),
      )}
    </div>
  );
}
