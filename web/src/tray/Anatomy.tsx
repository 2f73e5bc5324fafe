import { queryOptions, useQuery } from "@tanstack/react-query";
import { ChevronRight } from "lucide-react";
import { useMemo, useState } from "react";
import { api, failure, got, type Schemas } from "@/api/client";
import { sizeText } from "@/texts/measures";
import { useLanguage, useTexts } from "@/texts/texts";
import { Button, Spinner, Trouble } from "@/ui";
import { partName } from "./parts";
import { asShare } from "./shares";
import { squarified } from "./treemap";
import styles from "./treemap.module.css";

type Piece = Schemas["PieceView"];
/** How far a piece differs from that of another file: 0 where it is the same, null where nobody knows. */
export type Differing = (part: string, within: string) => number | null;

const MOST = 80; // areas that are drawn
const BOX = { x: 0, y: 0, width: 160, height: 100 };
const NAMED = 8; // share of the box's width or height, in hundredths, from which on there is room for a name

function anatomyQuery(folder: string, name: string) {
  return queryOptions({
    queryKey: ["anatomy", folder, name],
    queryFn: () =>
      got(api.GET("/api/v1/models/{folder}/anatomy", { params: { path: { folder }, query: { name } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** What is in a file, as areas that one can go into. */
export default function Anatomy({
  folder,
  name,
  differing,
}: {
  folder: string;
  name: string;
  /** Colours the areas by how far they differ. */
  differing?: Differing | undefined;
}) {
  const t = useTexts("tray");
  const anatomy = useQuery(anatomyQuery(folder, name));
  if (anatomy.error) return <Trouble failure={failure(anatomy.error)} />;
  if (!anatomy.data) return <Spinner label={t("loading")} />;
  return <Areas key={name} name={name} differing={differing} {...anatomy.data} />;
}

function Areas({
  name,
  parameters,
  bytes,
  parts,
  differing,
}: { name: string; differing: Differing | undefined } & Schemas["AnatomyView"]) {
  const t = useTexts("tray");
  const { language } = useLanguage();
  const [path, setPath] = useState<readonly Piece[]>([]);
  const here = path.at(-1);
  const pieces = useMemo(
    () =>
      [...(here?.pieces ?? parts)]
        .filter((piece) => piece.parameters > 0)
        .sort((one, other) => other.parameters - one.parameters),
    [here, parts],
  );
  const shown = pieces.slice(0, MOST);
  const boxes = useMemo(
    () =>
      squarified(
        shown.map((piece) => piece.parameters),
        BOX,
      ),
    [shown],
  );
  const differences = useMemo(
    () =>
      differing &&
      shown.map((piece) => {
        const [part, ...within] = [...path, piece].map((each) => each.name);
        return differing(part ?? "", within.join("."));
      }),
    [differing, shown, path],
  );
  const most = Math.max(...(differences ?? []).map((value) => value ?? 0), Number.MIN_VALUE);
  const whole = here ?? { parameters, bytes, dtypes: dtypesOf(parts) };
  const count = (value: number) =>
    value.toLocaleString(language, { notation: "compact", maximumSignificantDigits: 3 });
  const nameOf = (piece: Piece, depth: number) => (depth === 0 ? partName(piece.name, t) : piece.name);
  const partOf = (piece: Piece) => path[0]?.kind ?? piece.kind;
  return (
    <>
      <nav className={styles.path} aria-label={t("where in file")}>
        {[name, ...path.map(nameOf)].map((label, depth) => (
          <span key={`${depth} ${label}`}>
            {depth > 0 && <ChevronRight size={14} aria-hidden />}
            <Button
              look="quiet"
              disabled={depth === path.length}
              onClick={() => setPath(path.slice(0, depth))}
            >
              {label}
            </Button>
          </span>
        ))}
      </nav>
      <p className={styles.told}>
        {t("piece told", {
          count: count(whole.parameters),
          size: sizeText(whole.bytes, language),
          dtypes: Object.keys(whole.dtypes).join(", "),
        })}
      </p>
      <div className={styles.map} data-differing={differences ? "" : undefined}>
        {shown.map((piece, place) => {
          const box = boxes[place];
          if (!box) return null;
          const share = { width: (box.width / BOX.width) * 100, height: (box.height / BOX.height) * 100 };
          const isNamed = share.width > NAMED && share.height > NAMED;
          const difference = differences?.[place];
          const differs =
            typeof difference === "number" &&
            (difference ? t("differs by", { share: asShare(difference, language) }) : t("is same"));
          const shape = Object.entries(piece.shapes)
            .map(([part, sizes]) => `${part} ${sizes.join(" × ")}`)
            .join(", ");
          const title = nameOf(piece, path.length);
          const label = [`${title} ${t("numbers", { count: count(piece.parameters) })}`, shape, differs]
            .filter(Boolean)
            .join("; ");
          const style: React.CSSProperties & Record<"--differs", number> = {
            left: `${(box.x / BOX.width) * 100}%`,
            top: `${(box.y / BOX.height) * 100}%`,
            width: `${share.width}%`,
            height: `${share.height}%`,
            "--differs": Math.sqrt((difference ?? 0) / most),
          };
          return (
            <button
              key={piece.name}
              type="button"
              data-kind={partOf(piece)}
              className={isNamed ? styles.named : undefined}
              title={label}
              disabled={piece.pieces.length === 0}
              style={style}
              onClick={() => setPath([...path, piece])}
            >
              <span className="sr-only">{label}</span>
              {isNamed && (
                <>
                  <span aria-hidden>{title}</span>
                  <small aria-hidden>{differs || count(piece.parameters)}</small>
                </>
              )}
            </button>
          );
        })}
      </div>
      {pieces.length > shown.length && (
        <p className={styles.told}>{t("smaller ones", { n: pieces.length - shown.length })}</p>
      )}
    </>
  );
}

function dtypesOf(parts: readonly Piece[]): Record<string, number> {
  return Object.assign({}, ...parts.map((part) => part.dtypes));
}
