import { useQuery } from "@tanstack/react-query";
import { Check, FolderInput, Heart, Images, Trash2, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTexts } from "@/texts/texts";
import { Button, IconButton, NumberField, Select, TextField } from "@/ui";
import { Collections } from "./Collections";
import { ALL, asked, dayOf, type Filter, type Source } from "./filter";
import styles from "./filters.module.css";
import { type Facets, facetsQuery } from "./requests";

const SOURCES: readonly { source: Source; icon: typeof Images }[] = [
  { source: "made", icon: Images },
  { source: "brought", icon: FolderInput },
  { source: "bin", icon: Trash2 },
];
const A_FEW = 6; // models and tags that are shown at first
const DAY = 24 * 3600 * 1000;
const SIZES = ["0-0", "0-256", "257-512", "513-1024", "1025-0"] as const;

/** Everything by which pictures can be found. */
export function Filters({
  filter,
  total,
  onChange,
  onClose,
  onDrop,
}: {
  filter: Filter;
  total: number | null;
  onChange: (part: Partial<Filter>) => void;
  onClose: () => void;
  onDrop: (ids: string[], collection: { id: string; name: string }) => void;
}) {
  const t = useTexts("gallery");
  const facets = useQuery(facetsQuery).data;
  return (
    <>
      <header className={styles.head}>
        <h2>{t("filters")}</h2>
        <IconButton icon={X} label={t("close filters")} onClick={onClose} />
      </header>
      <ul className={styles.list} aria-label={t("where from")}>
        {SOURCES.map(({ source, icon: Icon }) => (
          <li key={source}>
            <Line
              isOn={filter.source === source && !filter.favourite && !filter.collection}
              icon={<Icon size={16} aria-hidden />}
              name={t(source)}
              count={source === "made" ? facets?.total : undefined}
              onClick={() => onChange({ source, favourite: false, collection: "" })}
            />
          </li>
        ))}
        <li>
          <Line
            isOn={filter.favourite}
            icon={<Heart size={16} aria-hidden />}
            name={t("favourites")}
            onClick={() => onChange({ favourite: !filter.favourite, source: "made" })}
          />
        </li>
      </ul>
      <Collections
        chosen={filter.collection}
        onChoose={(collection) => onChange({ collection, ...(collection ? { source: "made" } : {}) })}
        onDrop={onDrop}
      />
      {facets && facets.tags.length > 0 && (
        <Facet
          title={t("tags")}
          entries={facets.tags}
          chosen={filter.tags}
          onChoose={(tag) =>
            onChange({
              tags: filter.tags.includes(tag)
                ? filter.tags.filter((other) => other !== tag)
                : [...filter.tags, tag],
            })
          }
        />
      )}
      {facets && facets.checkpoints.length > 0 && (
        <Facet
          title={t("model")}
          entries={facets.checkpoints}
          chosen={filter.model ? [filter.model] : []}
          onChoose={(model) => onChange({ model: model === filter.model ? "" : model })}
        />
      )}
      <Days filter={filter} facets={facets} onChange={onChange} />
      <Sizes filter={filter} onChange={onChange} />
      <footer className={styles.foot}>
        <Button disabled={asked(filter) === 0} onClick={() => onChange({ ...ALL, order: filter.order })}>
          {t("clear filters")}
        </Button>
        <span className={styles.phoneOnly}>
          <Button look="primary" onClick={onClose}>
            {t("show", { n: total ?? 0 })}
          </Button>
        </span>
      </footer>
    </>
  );
}

/** One thing to filter by, which stays down while it is on. */
export function Line({
  isOn,
  icon,
  name,
  count,
  onClick,
}: {
  isOn: boolean;
  icon?: ReactNode;
  name: string;
  count?: number;
  onClick: () => void;
}) {
  const t = useTexts("gallery");
  return (
    <button type="button" className={styles.line} aria-pressed={isOn} onClick={onClick}>
      {isOn && !icon ? <Check size={14} aria-hidden /> : icon}
      <span title={name}>{name}</span>
      {count !== undefined && <small title={t("pictures of", { n: count })}>{count.toLocaleString()}</small>}
    </button>
  );
}

function Facet({
  title,
  entries,
  chosen,
  onChoose,
}: {
  title: string;
  entries: readonly { name: string; count: number }[];
  chosen: readonly string[];
  onChoose: (name: string) => void;
}) {
  const t = useTexts("gallery");
  const [isWhole, setWhole] = useState(false);
  const absent = chosen.filter((name) => !entries.some((entry) => entry.name === name));
  const shown = [
    ...absent.map((name) => ({ name, count: undefined })),
    ...entries.filter((entry, place) => isWhole || place < A_FEW || chosen.includes(entry.name)),
  ];
  return (
    <section className={styles.section} aria-label={title}>
      <h2>{title}</h2>
      <ul className={styles.list}>
        {shown.map(({ name, count }) => (
          <li key={name}>
            <Line isOn={chosen.includes(name)} name={name} count={count} onClick={() => onChoose(name)} />
          </li>
        ))}
      </ul>
      {entries.length > A_FEW && (
        <Button look="quiet" onClick={() => setWhole(!isWhole)}>
          {isWhole ? t("fewer") : t("all of them", { n: entries.length })}
        </Button>
      )}
    </section>
  );
}

function Days({
  filter,
  facets,
  onChange,
}: {
  filter: Filter;
  facets: Facets | undefined;
  onChange: (part: Partial<Filter>) => void;
}) {
  const t = useTexts("gallery");
  const ago = (days: number) => dayOf(new Date(Date.now() - days * DAY));
  const spans = { "": "any time", [ago(0)]: "today", [ago(6)]: "week", [ago(29)]: "month" } as const;
  const first = facets?.days.at(-1)?.day;
  return (
    <section className={styles.section} aria-label={t("date")}>
      <h2>{t("date")}</h2>
      <div className={styles.chips}>
        {Object.entries(spans).map(([from, name]) => (
          <Button
            key={name}
            pressed={filter.from === from && !filter.to}
            onClick={() => onChange({ from, to: "" })}
          >
            {t(name)}
          </Button>
        ))}
      </div>
      <div className={styles.pair}>
        <TextField
          type="date"
          label={t("from day")}
          value={filter.from}
          min={first}
          max={filter.to || undefined}
          onChange={(from) => onChange({ from })}
        />
        <TextField
          type="date"
          label={t("to day")}
          value={filter.to}
          min={filter.from || first}
          onChange={(to) => onChange({ to })}
        />
      </div>
    </section>
  );
}

function Sizes({ filter, onChange }: { filter: Filter; onChange: (part: Partial<Filter>) => void }) {
  const t = useTexts("gallery");
  const value = `${filter.least}-${filter.most}`;
  const isOwn = !(SIZES as readonly string[]).includes(value);
  const [isTyped, setTyped] = useState(isOwn);
  return (
    <section className={styles.section} aria-label={t("size of")}>
      <Select
        label={t("size of")}
        value={isTyped ? "own" : value}
        options={[
          ...SIZES.map((size) => {
            const [least, most] = size.split("-").map(Number);
            return {
              value: size,
              label: most
                ? t("up to", { pixels: most })
                : least
                  ? t("more than", { pixels: least - 1 })
                  : t("any size"),
            };
          }),
          { value: "own", label: t("own size") },
        ]}
        onChange={(size) => {
          setTyped(size === "own");
          const [least = 0, most = 0] = size.split("-").map(Number);
          if (size !== "own") onChange({ least, most });
        }}
      />
      {isTyped && (
        <div className={styles.pair}>
          <NumberField
            label={t("least")}
            value={filter.least}
            min={0}
            max={65536}
            step={64}
            onChange={(least) => onChange({ least })}
          />
          <NumberField
            label={t("most")}
            value={filter.most}
            min={0}
            max={65536}
            step={64}
            onChange={(most) => onChange({ most })}
          />
        </div>
      )}
    </section>
  );
}
