import { useQuery } from "@tanstack/react-query";
import { ChevronDown, Copy } from "lucide-react";
import type { ReactNode } from "react";
import { type Asset, failure } from "@/api/client";
import { formatJson } from "@/graph/json";
import { dayText, durationText, sizeText, timeText } from "@/texts/measures";
import { useLanguage, useTexts } from "@/texts/texts";
import { Button, copyText, IconButton, Menu, Spinner, Trouble } from "@/ui";
import styles from "./big.module.css";
import { LINES, linesOf, type Recipe, recipeQuery } from "./recipe";

const PROSE = ["prompt", "negative"] as const;
const FACTS = LINES.filter((line) => line !== "prompt" && line !== "negative");

/** How a picture was made, to be read and copied. */
export function RecipeParts({ asset, onModel }: { asset: Asset; onModel?: (checkpoint: string) => void }) {
  const t = useTexts("pictures");
  const { language } = useLanguage();
  const recipe = useQuery(recipeQuery(asset.id));
  const lines = recipe.data && linesOf(recipe.data);
  return (
    <>
      {recipe.isPending && <Spinner label={t("reading recipe")} />}
      {recipe.error && <Trouble failure={failure(recipe.error)} />}
      {lines && Object.keys(lines).length === 0 && <p className={styles.quiet}>{t("no recipe")}</p>}
      {lines &&
        PROSE.map((line) =>
          lines[line] ? (
            <Part key={line} title={t(line)} copy={lines[line]}>
              <p className={styles.prose}>{lines[line]}</p>
            </Part>
          ) : null,
        )}
      {lines && FACTS.some((line) => lines[line]) && (
        <Part
          title={t("settings")}
          copy={FACTS.flatMap((line) => (lines[line] ? `${t(line)}: ${lines[line]}` : [])).join("\n")}
        >
          <dl className={styles.facts}>
            {FACTS.map((line) =>
              lines[line] ? (
                <div key={line}>
                  <dt>{t(line)}</dt>
                  <dd>{lines[line]}</dd>
                </div>
              ) : null,
            )}
          </dl>
          {onModel && recipe.data?.checkpoint && (
            <Button look="quiet" onClick={() => onModel(recipe.data.checkpoint)}>
              {t("more of this model")}
            </Button>
          )}
        </Part>
      )}
      {recipe.data && <More recipe={recipe.data} />}
      <Part title={t("file")} copy={asset.path}>
        <dl className={styles.facts}>
          <Fact name={t("name")}>{asset.path}</Fact>
          <Fact name={t("made on")}>{timeText(asset.created, language)}</Fact>
          <Fact name={t("bytes")}>{sizeText(asset.bytes, language)}</Fact>
          <Fact name={t("pixels")}>{`${asset.width} × ${asset.height}`}</Fact>
          {asset.deleted !== null && <Fact name={t("deleted on")}>{dayText(asset.deleted, language)}</Fact>}
          {recipe.data?.seconds ? (
            <Fact name={t("took")}>{durationText(recipe.data.seconds, language, 1)}</Fact>
          ) : null}
        </dl>
      </Part>
    </>
  );
}

/** What only some people want to see: hashes, versions, and the recipe as text. */
function More({ recipe }: { recipe: Recipe }) {
  const t = useTexts("pictures");
  const versions = Object.entries(recipe.software);
  const texts = {
    parameters: recipe.parameters,
    workflow: recipe.workflow ? formatJson(recipe.workflow, 2) : "",
    editor: recipe.editor ? formatJson(recipe.editor, 2) : "",
  };
  const items = (["parameters", "workflow", "editor"] as const)
    .filter((kind) => texts[kind])
    .map((kind) => ({
      label: t(`copy ${kind}`),
      icon: Copy,
      onSelect: () => void copyText(texts[kind], t("copied")),
    }));
  return (
    <>
      {recipe.models.length + versions.length > 0 && (
        <details className={styles.fold}>
          <summary>{t("files and versions")}</summary>
          <dl className={styles.facts}>
            {recipe.models.map((model) => (
              <Fact key={`${model.folder}/${model.name}`} name={model.name}>
                <code>{model.sha256.slice(0, 10)}</code>
              </Fact>
            ))}
            {versions.map(([program, version]) => (
              <Fact key={program} name={program}>
                {version}
              </Fact>
            ))}
            {recipe.device && <Fact name={t("device")}>{recipe.device}</Fact>}
          </dl>
        </details>
      )}
      {items.length > 0 && (
        <Menu items={items}>
          <Button icon={ChevronDown}>{t("copy recipe")}</Button>
        </Menu>
      )}
    </>
  );
}

function Part({ title, copy: text, children }: { title: string; copy?: string; children: ReactNode }) {
  const t = useTexts("pictures");
  return (
    <section className={styles.part} aria-label={title}>
      <div className={styles.partHead}>
        <h2>{title}</h2>
        {text && (
          <IconButton
            icon={Copy}
            label={t("copy", { what: title })}
            onClick={() => void copyText(text, t("copied"))}
          />
        )}
      </div>
      {children}
    </section>
  );
}

/** A line of what is told of something. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
