import { useQuery } from "@tanstack/react-query";
import { useHashLocation } from "wouter/use-hash-location";
import big from "@/pictures/big.module.css";
import { fileName } from "@/pictures/picture";
import { useTexts } from "@/texts/texts";
import { lineageQuery, type Relative } from "./comparing";
import { addressOf, readPlace } from "./filter";
import styles from "./lineage.module.css";

/** What a picture was made from, and what was made from it. Most were made from words alone: then this is nothing. */
export function Lineage({ id }: { id: string }) {
  const t = useTexts("gallery");
  const [address, go] = useHashLocation();
  const { data } = useQuery(lineageQuery(id));
  if (!data) return null;
  const { parents, children, others, complete } = data;
  const open = (asset: string) =>
    go(addressOf(readPlace(address).filter, { show: asset }), { state: { inGallery: true } });
  const has = { before: parents.length + others.length > 0, after: children.length > 0 };
  return (
    <>
      {has.before && (
        <section className={big.part} aria-label={t("made from")}>
          <div className={big.partHead}>
            <h2>{t("made from")}</h2>
          </div>
          <Tree relatives={parents} others={others} onOpen={open} />
        </section>
      )}
      {has.after && (
        <section className={big.part} aria-label={t("used for")}>
          <div className={big.partHead}>
            <h2>{t("used for")}</h2>
          </div>
          <Tree relatives={children} others={[]} onOpen={open} />
        </section>
      )}
      {(has.before || has.after) && !complete && <p className={big.quiet}>{t("more relatives")}</p>}
    </>
  );
}

function Tree({
  relatives,
  others,
  onOpen,
}: {
  relatives: readonly Relative[];
  others: readonly string[];
  onOpen: (id: string) => void;
}) {
  const t = useTexts("gallery");
  return (
    <ul className={styles.tree}>
      {relatives.map(({ asset, title, relatives: further, others: gone }) => (
        <li key={asset.id}>
          <button type="button" className={styles.relative} onClick={() => onOpen(asset.id)}>
            {asset.thumbnail && <img src={`${asset.thumbnail}?size=128`} alt="" loading="lazy" />}
            <span>
              <span className={styles.name}>{asset.prompt || fileName(asset)}</span>
              <span className={styles.how}>
                {asset.folder === "output" ? (title !== asset.prompt && title) || t("made") : t("brought")}
              </span>
            </span>
          </button>
          {further.length + gone.length > 0 && <Tree relatives={further} others={gone} onOpen={onOpen} />}
        </li>
      ))}
      {others.map((name) => (
        <li key={name} className={big.quiet}>
          {t("other picture", { name })}
        </li>
      ))}
    </ul>
  );
}
