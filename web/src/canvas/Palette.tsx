import { useQuery } from "@tanstack/react-query";
import { useReactFlow } from "@xyflow/react";
import { useCallback, useMemo } from "react";
import { preferenceQuery } from "@/api/queries";
import { candidates } from "@/graph/fit";
import type { JsonObject } from "@/graph/json";
import { search, type Words } from "@/graph/search";
import { VIRTUAL } from "@/graph/specs";
import type { Catalog, NodeSpec, Point } from "@/graph/types";
import { said } from "@/texts/said";
import { texts, useTexts } from "@/texts/texts";
import { type Ask, asked } from "./asking";
import { desk, docOf, tabOf, useDesk } from "./desk";
import { type Entry, Finder } from "./Finder";
import styles from "./finder.module.css";
import { addAt } from "./linking";
import { shownName, typeTitle } from "./names";
import { pulledType } from "./pulling";
import { TypeDot } from "./TypeDot";

/** A subgraph that was kept, to be put into any workflow. */
export interface Published {
  readonly name: string;
  readonly document: JsonObject;
}

export const publishedQuery = preferenceQuery<readonly Published[]>("graph.published", []);
const NONE: readonly Published[] = [];

interface Choice extends Entry {
  readonly spec: NodeSpec | null;
  readonly published?: Published;
}

/** Chooses a node to add: all of them, or those that fit the wire that was dropped. */
export function Palette({ what }: { what: Extract<Ask, { kind: "add" }> }) {
  const t = useTexts("canvas");
  const { screenToFlowPosition } = useReactFlow();
  const catalog = useDesk((state) => state.catalog);
  const { data: published = NONE } = useQuery(publishedQuery);
  const { pull } = what;
  const type = useMemo(() => {
    const state = desk();
    const [doc, tab] = [docOf(state), tabOf(state)];
    return pull && doc && tab ? pulledType(doc, tab.path, state.catalog, pull) : "";
  }, [pull]);
  const pool = useMemo(() => {
    if (!pull) return new Map([...catalog, ...VIRTUAL]);
    const fitting = candidates(catalog, type, "output" in pull.end ? "takes" : "gives");
    return new Map(fitting.map(({ spec }) => [spec.class_type, spec]));
  }, [catalog, pull, type]);
  const find = useCallback(
    (text: string) => [
      ...(pull ? [] : kept(published, text, t("published"))),
      ...known(pool, text, pull !== undefined),
    ],
    [pool, pull, published, t],
  );

  function choose({ spec, published: one }: Choice) {
    const { x, y } = screenToFlowPosition({ x: what.at[0], y: what.at[1] });
    const pos: Point = [Math.round(x / 10) * 10, Math.round(y / 10) * 10];
    asked();
    if (one) addAt({ json: one.document, pos }, { isFree: what.isFree });
    else if (spec) addAt({ type: spec.class_type, pos }, { pull, isFree: what.isFree });
  }

  return (
    <Finder
      label={pull ? t("add fitting", { type: type === "*" ? t("anything") : type }) : t("add node")}
      placeholder={
        pull ? t("search fitting", { type: type === "*" ? t("anything") : type }) : t("search nodes")
      }
      at={what.at}
      find={find}
      aside={(entry: Choice) => entry.spec && <About spec={entry.spec} />}
      onChoose={choose}
      onClose={asked}
    />
  );
}

/** Without words, by category; for a wire that was dropped, the likeliest first. */
function known(pool: Catalog, text: string, isRanked: boolean): readonly Choice[] {
  const found = text || !isRanked ? search(pool, text, inOwnWords) : [...pool.values()];
  const list = text || isRanked ? found : [...found].sort((one, other) => compared(one, other));
  return list.map((spec) => ({
    key: spec.class_type,
    title: typeTitle(spec),
    spec,
    ...(text || isRanked
      ? { about: said().category(spec.category) }
      : { heading: said().category(spec.category) || texts("canvas")("own types") }),
  }));
}

/** What a type is found by besides its English words. */
function inOwnWords(spec: NodeSpec): Words {
  const { text, category } = said();
  return { title: typeTitle(spec), category: category(spec.category), description: text(spec.description) };
}

/** By category; what is there for testing comes last. */
function compared(one: NodeSpec, other: NodeSpec): number {
  const rank = ({ category }: NodeSpec) => (category.startsWith("_") ? 2 : category === "" ? 1 : 0);
  return rank(one) - rank(other) || one.category.localeCompare(other.category);
}

function kept(published: readonly Published[], text: string, heading: string): readonly Choice[] {
  const word = text.trim().toLowerCase();
  return published
    .filter(({ name }) => name.toLowerCase().includes(word))
    .map((one) => ({ key: `published ${one.name}`, title: one.name, heading, spec: null, published: one }));
}

function About({ spec }: { spec: NodeSpec }) {
  const t = useTexts("canvas");
  const sockets = spec.inputs.map(({ name, type }) => ({ name, type }));
  return (
    <>
      <h3>{typeTitle(spec)}</h3>
      {spec.deprecated && <p className={styles.warn}>{t("deprecated")}</p>}
      {spec.experimental && <p className={styles.warn}>{t("experimental")}</p>}
      <p className={styles.text}>{said().text(spec.description)}</p>
      <Ports title={t("takes")} ports={sockets} />
      <Ports title={t("gives")} ports={spec.outputs} />
    </>
  );
}

function Ports({ title, ports }: { title: string; ports: readonly { name: string; type: string }[] }) {
  if (ports.length === 0) return null;
  return (
    <>
      <h4 className={styles.sub}>{title}</h4>
      <ul className={styles.ports}>
        {ports.map(({ name, type }, place) => (
          <li key={place}>
            <TypeDot type={type} /> {shownName(name)}
          </li>
        ))}
      </ul>
    </>
  );
}
